import type { FastifyReply } from 'fastify'

/** Aborted once the caller cannot be answered any more. Made only for one that has to wait. */
export function hangUpOf({ raw }: FastifyReply): AbortSignal {
  if (raw.destroyed || raw.socket?.destroyed) return AbortSignal.abort()
  const controller = new AbortController()
  // An answer that is given closes it, too, and then nobody listens.
  raw.once('close', () => controller.abort())
  return controller.signal
}
