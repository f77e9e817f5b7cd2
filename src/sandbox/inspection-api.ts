import { type FastifyPluginCallbackTypebox, Type } from '@fastify/type-provider-typebox'
import type { Book, Entry } from './book.ts'
import type { Tokens } from './issued-tokens.ts'
import type { Notifier } from './notifications.ts'

export type InspectionOptions = { book: Book; tokens: Tokens; notifier: Notifier }

/** Routes for tests and developers. Only the sandbox has them: the provider has nothing like them. */
export const inspectionApi: FastifyPluginCallbackTypebox<InspectionOptions> = (app, options, done) => {
  const { book, tokens, notifier } = options

  app.get('/healthz', async () => ({ status: 'ok' }))

  /** What the provider knows to be true: of one tid, with the times of its cancels, or of all. */
  app.get(
    '/sandbox/cancels',
    { schema: { querystring: Type.Object({ tid: Type.Optional(Type.String()) }) } },
    async ({ query: { tid } }) => {
      if (tid === undefined) return { ...summaryOf(book.all()), tokens_issued: tokens.issuedCount() }
      const entry = book.find(tid)
      return {
        ...summaryOf(entry ? [entry] : []),
        under_way: (entry?.underWay ?? []).map(({ beganAt, endedAt }) => ({
          began_at: beganAt.toISOString(),
          ended_at: endedAt?.toISOString() ?? null,
        })),
        tokens_issued: tokens.issuedCount(),
      }
    },
  )

  /** Cancels as a person does in the provider's console: no call of the API, and a notification. */
  app.post(
    '/sandbox/cancels',
    {
      schema: {
        body: Type.Object({
          tid: Type.String({ minLength: 1, maxLength: 50 }),
          amount: Type.Integer({ minimum: 1 }),
        }),
      },
    },
    async ({ body: { tid, amount } }, reply) => {
      const { payment } = book.open(tid)
      if (amount > payment.amount - payment.cancelled)
        return reply.code(409).send({ error: 'more than remains' })
      const { cancelTid, at } = book.apply(tid, amount)
      return reply.code(201).send({ tid, amount, at: at.toISOString(), cancel_tid: cancelTid })
    },
  )

  /** Registers where notifications go, as the provider's console does; null: nowhere. */
  app.put(
    '/sandbox/notify-url',
    { schema: { body: Type.Object({ url: Type.Union([Type.String({ format: 'uri' }), Type.Null()]) }) } },
    async ({ body: { url } }, reply) => {
      notifier.setUrl(url)
      return reply.code(204).send()
    },
  )

  /** What was sent, and how it was answered. */
  app.get('/sandbox/notifications', async () => notifier.sent())

  /** Forgets all payments. Tokens stay good, and counted. */
  app.post('/sandbox/reset', async (_request, reply) => {
    book.clear()
    return reply.code(204).send()
  })

  /** Makes every issued token an unknown one. */
  app.post('/sandbox/tokens/revoke', async (_request, reply) => {
    tokens.revokeAll()
    return reply.code(204).send()
  })

  done()
}

function summaryOf(entries: readonly Entry[]) {
  const applied = entries.flatMap(({ payment: { tid, cancels } }) =>
    cancels.map(({ amount, at, cancelTid }) => ({
      tid,
      amount,
      at: at.toISOString(),
      cancel_tid: cancelTid,
    })),
  )
  return {
    calls: entries.reduce((sum, { calls }) => sum + calls, 0),
    applied,
    applied_total: entries.reduce((sum, { payment }) => sum + payment.cancelled, 0),
  }
}
