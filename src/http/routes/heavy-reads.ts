import type { FastifyReply } from 'fastify'
import { sendProblem } from '../problems/send-problem.ts'

/** How many exports and reports of this process are made at a time, so that refunds keep the rest of it. */
const MOST_HEAVY_READS = 3

const RETRY_AFTER_SECONDS = 30

/** Places for what reads a whole span. Whoever got one leaves it, once, whatever has happened meanwhile. */
export type HeavyReads = Readonly<{
  /** Null where there is none: the reply was answered then. */
  enter(reply: FastifyReply): Readonly<{ leave(): void }> | null
}>

/** The places of one process. */
export function createHeavyReads(): HeavyReads {
  let taken = 0
  return {
    enter(reply) {
      if (taken === MOST_HEAVY_READS) {
        reply.header('Retry-After', RETRY_AFTER_SECONDS)
        sendProblem(reply, 'rate_limited', {
          detail: `${MOST_HEAVY_READS} exports and reports are being made here, which is as many as may be. Ask again later.`,
        })
        return null
      }
      taken += 1
      return { leave: once(() => (taken -= 1)) }
    },
  }
}

function once(act: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) act()
    isDone = true
  }
}
