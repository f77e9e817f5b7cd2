import t from 'tap'
import { EVENT_TYPES } from '../../src/refunds/event-types.ts'
import type { JournalEntry } from '../../src/refunds/ports/journal.ts'
import type { Refund } from '../../src/refunds/refund.ts'
import { asksFor, concerns, eventIdOf, signedMessage } from '../../src/webhooks/message.ts'
import { eventSecret, verify } from '../support/event-receiver.ts'

const ENTRY: JournalEntry = {
  position: '1-0.0',
  change: 'succeeded',
  at: Date.parse('2026-01-01T01:30:00.412Z'),
  id: 'rf_D20N6F0CBDSWY6WVZ8RC1FRXZG',
  merchant: 'merchant',
  tid: 'order1042-10000',
  number: 2,
}

const REFUND = {
  id: ENTRY.id,
  status: 'succeeded',
  reason: '고객 변심',
  requested_by: 'orders',
  metadata: { order: '1042' },
  refund_account: { bank: '88', account_no: '*******1234', account_name: 'Kim' },
} as unknown as Refund

const message = (secret: string, callers: readonly string[] | null = null, entry = ENTRY) =>
  signedMessage({ secret, callers }, { entry, subject: REFUND, at: Date.now() })

t.test('a message is verified by the text of the specification, and by nothing but its secret', async (t) => {
  const secret = eventSecret()
  const { headers, body } = message(secret)
  t.ok(verify(secret, { headers, body }))
  t.notOk(verify(eventSecret(), { headers, body }), 'another secret')
  t.notOk(verify(secret, { headers, body: body.replace('succeeded', 'failed') }), 'another body')
  t.notOk(verify(secret, { headers: { ...headers, 'webhook-id': 'evt_other_1' }, body }), 'another id')
  t.match(headers['webhook-signature'], /^v1,[A-Za-z0-9+/]{43}=$/)
  t.match(headers['webhook-timestamp'], /^\d{10}$/)
})

t.test('the vector of the specification is signed as it says', async (t) => {
  // From the specification's reference implementations.
  const { Webhook } = await import('standardwebhooks')
  const signature = new Webhook('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw').sign(
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    new Date(1_614_265_330_000),
    '{"test": 2432232314}',
  )
  t.equal(signature, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
})

t.test('the id is of the change, whoever is told and however often, and holds no full stop', async (t) => {
  t.equal(message(eventSecret()).headers['webhook-id'], eventIdOf(ENTRY))
  t.equal(eventIdOf(ENTRY), 'evt_rf_D20N6F0CBDSWY6WVZ8RC1FRXZG_2')
  t.not(eventIdOf({ ...ENTRY, number: 3 }), eventIdOf(ENTRY))
})

t.test('the body says what happened and when, and how the refund is now', async (t) => {
  const { type, timestamp, data, ...others } = JSON.parse(message(eventSecret(), ['orders']).body)
  t.strictSame([type, timestamp, others], ['refund.succeeded', '2026-01-01T01:30:00.412Z', {}])
  t.strictSame(data, JSON.parse(JSON.stringify(REFUND)))
})

t.test('account and metadata go to endpoints that name callers alone', async (t) => {
  const { data } = JSON.parse(message(eventSecret()).body)
  t.notOk('metadata' in data || 'refund_account' in data)
  t.equal(data.reason, '고객 변심')
  const entry = { ...ENTRY, change: 'outside' } as const
  const ledger = { account: 'default', tid: ENTRY.tid, refunds: [REFUND] } as never
  const of = { entry, subject: ledger, at: Date.now() }
  const shown = JSON.parse(signedMessage({ secret: eventSecret(), callers: null }, of).body)
  t.equal(shown.type, 'payment.refunded_outside')
  t.strictSame(Object.keys(shown.data.refunds[0]), ['id', 'status', 'reason', 'requested_by'])
})

t.test('an endpoint gets what it asks for, of the callers that it names', async (t) => {
  for (const change of Object.keys(EVENT_TYPES) as JournalEntry['change'][]) {
    const entry = { ...ENTRY, change }
    t.ok(asksFor({ events: null }, entry), change)
    t.ok(asksFor({ events: [EVENT_TYPES[change]] }, entry), change)
  }
  t.notOk(asksFor({ events: ['refund.failed'] }, ENTRY))
  t.ok(concerns({ callers: null }, REFUND))
  t.ok(concerns({ callers: ['orders', 'shop'] }, REFUND))
  t.notOk(concerns({ callers: ['shop'] }, REFUND))
  t.notOk(concerns({ callers: ['orders'] }, { refunds: [REFUND] } as never), 'a payment is of many callers')
})
