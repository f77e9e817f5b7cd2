import rateLimit from '@fastify/rate-limit'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Config } from '../../config/config.ts'
import { type NotificationParts, receiveNotification } from '../../refunds/flows/receive-notification.ts'
import { isNotificationSecret } from '../access/notification-secret.ts'
import { openProblemResponses } from '../problems/problem-responses.ts'
import { sendProblem } from '../problems/send-problem.ts'

/** Ten times what the longest notification that is known takes. */
const MAX_NOTIFICATION_BYTES = 16 * 1024

/** What the provider takes for "stored" (docs/provider.md, Notifications). */
const RECEIVED = '<html><body><RESULT>SUCCESS</RESULT></body></html>'

const NOT_HERE = 'There is nothing here.'

const ANY_TYPE = 'application/octet-stream'
const FORM = 'application/x-www-form-urlencoded'

const EXAMPLE = {
  noti_type: 'cancel',
  paymethod: 'CARD',
  orderno: 'order-1043',
  cancel_amount: '3000',
  tid: 'order1043-10000',
  cancel_date: '20260101103000',
}

function member(description: string, example: string) {
  return Type.Optional(Type.String({ description, examples: [example] }))
}

/** For the document alone: what comes is read by what is known of it, and not held to a schema. */
const Notification = Type.Object(
  {
    noti_type: member('`cancel` or `deposit_cancel`; absent on approvals, which are ignored', 'cancel'),
    tid: member('Of the payment or of the cancel', 'order1043-10000'),
    cancel_amount: member('KRW of this cancel', '3000'),
    cancel_date: member('When, in Korean time', '20260101103000'),
    api_id: member("CookiePay's id of the account", 'shop'),
  },
  {
    description:
      "What CookiePay's servers send, as JSON or as a form: members in either letter case, values as texts or numbers, and whatever else there is",
  },
)

const schema = {
  operationId: 'receiveNotification',
  tags: ['operations'],
  summary: 'Take a notification of CookiePay',
  description:
    "For CookiePay's servers alone: the address is registered in its console, and its last part is a secret (NOTIFICATION_SECRETS). A cancel is kept with its payment, and settles an unknown refund where it can mean no other. It never leads to a call that moves money.",
  params: Type.Object({
    secret: Type.String({
      description: 'One of NOTIFICATION_SECRETS',
      examples: ['the-secret-that-the-operator-has-made'],
    }),
  }),
  body: {
    content: {
      'application/json': {
        schema: Notification,
        examples: { cancel: { summary: 'A part was cancelled', value: EXAMPLE } },
      },
      [FORM]: {
        schema: Notification,
        examples: { cancel: { summary: 'A part was cancelled', value: EXAMPLE } },
      },
    },
  },
  response: {
    200: {
      description: 'It is stored, or no business of refunds',
      content: {
        'text/html': {
          schema: Type.String({ description: 'What CookiePay expects' }),
          examples: { received: { summary: 'Stored', value: RECEIVED } },
        },
      },
    },
    ...openProblemResponses(
      [
        'invalid_request',
        'not_found',
        'payload_too_large',
        'rate_limited',
        'internal_error',
        'store_unavailable',
        'store_not_durable',
      ],
      {
        invalid_request: {
          detail: 'The notification cannot be read.',
          errors: [{ pointer: '#', detail: 'It has no cancel_amount that can be read.' }],
        },
        not_found: { detail: NOT_HERE },
        payload_too_large: { detail: 'The body is larger than 16 KiB.' },
      },
    ),
  },
}

export type NotificationOptions = Readonly<{
  parts: NotificationParts
  /** Those that are taken just now. */
  secrets(): readonly string[]
  rateLimit: Config['rateLimit']
}>

/** `POST /cookiepay/notifications/{secret}`. */
export const receiveNotificationRoute: FastifyPluginAsyncTypebox<NotificationOptions> = async (
  app,
  options,
) => {
  const { parts, secrets, rateLimit: limit } = options
  const statedTypes = new WeakMap<FastifyRequest, string | undefined>()
  // Its secret is its key: who has none gets no further than this, and nothing of what it sent is read.
  app.addHook('onRequest', (request, reply, done) => {
    const { secret = '' } = request.params as { secret?: string }
    if (!isNotificationSecret(secret, secrets())) return sendProblem(reply, 'not_found', { detail: NOT_HERE })
    // It is read by what it is, whatever it is called: nor is it refused for a name that is none.
    statedTypes.set(request, request.headers['content-type'])
    request.raw.headers['content-type'] = ANY_TYPE
    done()
  })
  await app.register(rateLimit, {
    max: limit.max,
    timeWindow: limit.windowMs,
    keyGenerator: () => 'provider',
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: MAX_NOTIFICATION_BYTES },
    (_request, bytes, done) => done(null, bytes),
  )

  const route = { schema, attachValidation: true, bodyLimit: MAX_NOTIFICATION_BYTES }
  app.post('/cookiepay/notifications/:secret', route, async (request, reply) => {
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const contentType = statedTypes.get(request)
    const answer = await receiveNotification(parts, { body: bytes, contentType })
    if (answer.answer === 'received') return reply.type('text/html; charset=utf-8').send(RECEIVED)
    return sendProblem(reply, 'invalid_request', {
      detail: 'The notification cannot be read.',
      errors: [{ pointer: '#', detail: answer.detail }],
    })
  })
}
