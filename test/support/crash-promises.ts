import { readNotified } from '../../src/refunds/flows/settle-by-notifications.ts'
import { refundChanges } from '../../src/refunds/history.ts'
import { CLAIM_TRUST_MS } from '../../src/refunds/lease.ts'
import type { RefundState } from '../../src/refunds/refund-states.ts'
import { matchNotifications } from '../../src/refunds/rules/match-notifications.ts'
import { decodeJournalEntry, positionIn } from '../../src/store/journal-entries.ts'
import { keys, unsettledShard } from '../../src/store/keys.ts'
import {
  BOOKING_IDS,
  createKeptNotifications,
  IDS,
  KEY_RETENTION_MS,
  type Model,
  PAID,
  type Real,
  TIDS,
} from './crash-world.ts'
import { type ModelPayment, outsideOf, shownStatus, sumOf } from './ledger-model.ts'
import { MERCHANT } from './merchant.ts'

const OWN_SHARDS = [...new Set([...IDS, ...BOOKING_IDS].map(unsettledShard))]

/** What Redis holds, as a reader would be shown it: read from a copy, since reading ends a lease that is over. */
async function look({ redis, reader }: Real) {
  const claims = Promise.all(IDS.map((id) => redis.get(keys.claim(id))))
  const shards = Promise.all(
    OWN_SHARDS.flatMap((shard) => [keys.unsettled(shard), keys.unknown(shard), keys.awaiting(shard)]).map(
      (key) => redis.zrange(key, '0', '-1'),
    ),
  )
  const looked = Promise.all(OWN_SHARDS.map((shard) => redis.zrange(keys.lookups(shard), '0', '-1')))
  const journals = Promise.all(OWN_SHARDS.map((shard) => redis.xrange(keys.journal(shard), '-', '+')))
  const payments = Promise.all(
    TIDS.map(async (tid) => {
      const copy = `copy of ${tid}`
      redis.copy(keys.payment(MERCHANT, tid), keys.payment(MERCHANT, copy), 'REPLACE')
      const shown = Promise.all([
        reader.listByPayment({ merchant: MERCHANT, tid: copy, limit: 10, cursor: null }),
        reader.findPayment(MERCHANT, copy),
        reader.findMany(IDS.map((id) => ({ id, merchant: MERCHANT, tid: copy }))),
      ])
      redis.del(keys.payment(MERCHANT, copy))
      const [{ refunds, bookings }, ledger, stored] = await shown
      return { tid, refunds, bookings, ledger, stored }
    }),
  )
  const journal = (await journals).flatMap((stream, index) =>
    stream.map(([id, [, text = '']]) =>
      decodeJournalEntry(positionIn(OWN_SHARDS[index] as number, id), text),
    ),
  )
  return {
    claims: await claims,
    entries: (await shards).flat(),
    looked: (await looked).flat(),
    payments: await payments,
    journal,
  }
}

type Seen = Awaited<ReturnType<typeof look>>

export async function assertHolds(model: Model, real: Real): Promise<void> {
  const seen = await look(real)
  const violations = [
    ...real.violations,
    ...TIDS.flatMap((tid, index) =>
      unlikeModel(model, tid, seen.payments[index] as Seen['payments'][number]),
    ),
    ...IDS.flatMap((id, index) => brokenPromises(model, id, seen.claims[index] ?? null)),
    ...overspent(model),
    ...askedTwice(model),
    ...failedThoughPaid(model),
    ...bookedTwice(model),
    ...sharedReferences(model),
    ...overlapping(model),
    ...notInIndex(model, seen.entries),
    ...wronglyJournalled(seen, { isAtRest: false }),
  ]
  if (violations.length > 0) throw new Error(violations.join('; '))
}

function messages(promises: [isBroken: boolean, message: string][]): string[] {
  return promises.filter(([isBroken]) => isBroken).map(([, message]) => message)
}

function unlikeModel(
  { payments, nowMs, resolvedAsFailed }: Model,
  tid: string,
  { refunds, bookings, ledger }: Seen['payments'][number],
) {
  const payment = payments.get(tid) as ModelPayment
  const shown = refunds.map(
    ({ id, status, disputed, kind, amount }) => `${id} ${disputed ? 'disputed' : status} ${kind} ${amount}`,
  )
  const expected = [...payment.refunds.values()].map(
    (refund) => `${refund.id} ${shownStatus(refund, nowMs)} ${refund.kind} ${refund.amount}`,
  )
  const sums = (['refunded', 'in_flight', 'unknown', 'disputed', 'awaiting_deposit', 'outside'] as const).map(
    (sum) => ledger?.[sum] ?? 0,
  )
  const states = ['succeeded', 'processing', 'unknown', 'disputed', 'awaiting_deposit'] as const
  const expectedSums = [...states.map((state) => sumOf(payment, nowMs, state)), outsideOf(payment)]
  const booked = bookings.map(({ id, amount }) => `${id} ${amount}`)
  const expectedBooked = [...payment.outside].map(([id, { booked }]) => `${id} ${booked}`)
  const total = sums.reduce((one, other) => one + other)
  return messages([
    [shown.join() !== expected.join(), `${tid}: [${shown}], not [${expected}]`],
    [sums.join() !== expectedSums.join(), `the ledger of ${tid}: ${sums}, not ${expectedSums}`],
    [booked.join() !== expectedBooked.join(), `booked of ${tid}: [${booked}], not [${expectedBooked}]`],
    // What a person wrongly called failed may have been refunded again by the time that its answer comes.
    [
      total > PAID && !refunds.some(({ id }) => resolvedAsFailed.has(id)),
      `the ledger of ${tid}: ${sums} exceeds what was paid`,
    ],
  ])
}

const UNSETTLED: readonly RefundState[] = ['processing', 'unknown', 'disputed', 'awaiting_deposit']

/** What each key was promised, once its refund may have reached the provider. */
function brokenPromises(model: Model, id: string, claim: string | null): string[] {
  const relays = model.relays.filter((relay) => relay.id === id && relay.hasLeft)
  return relays.flatMap((relay, index) => {
    const refund = model.payments.get(relay.tid)?.refunds.get(id)
    if (refund === undefined || refund.attempt !== relay.attempt) return [`${id} was sent and is forgotten`]
    const isUnsettled = UNSETTLED.includes(refund.status)
    // A key counts from when it was claimed, which may be a while before the relay.
    const isKept = isUnsettled || model.nowMs < relay.atMs + KEY_RETENTION_MS - CLAIM_TRUST_MS
    const isWronglyFailed = relay.isApplied && refund.status === 'failed' && !model.resolvedAsFailed.has(id)
    return messages([
      [isKept && claim?.endsWith(` ${relay.tid}`) !== true, `the key of ${id} is free: ${claim}`],
      [isKept && relays.length > index + 1, `${id} was sent more than once`],
      [isWronglyFailed, `${id} failed, and was applied`],
    ])
  })
}

/** The provider applies what it is asked: more than was paid only where an operator was wrong. */
function overspent({ relays, askings, resolvedAsFailed }: Model): string[] {
  return TIDS.flatMap((tid) => {
    const applied = [
      ...relays.filter((relay) => relay.tid === tid && relay.isApplied),
      ...askings.filter((asking) => asking.tid === tid && asking.isPaid),
    ]
    if (applied.some(({ id }) => resolvedAsFailed.has(id))) return []
    const sum = applied.reduce((total, { amount }) => total + amount, 0)
    return sum > PAID ? [`${sum} of ${PAID} left the payment ${tid}`] : []
  })
}

/** Once for each asking, and not again before that deposit has expired with its day. */
function askedTwice({ askings }: Model): string[] {
  return askings.flatMap(({ id, token, hasLeft, sameDay }, index) => {
    const isRepeated = askings.slice(0, index).some((other) => other.hasLeft && other.token === token)
    const isAgain = hasLeft && (isRepeated || sameDay.some((other) => other.hasLeft))
    return isAgain ? [`the deposit of ${id} was asked for twice`] : []
  })
}

/** What was paid for is not called failed, but by a person. */
function failedThoughPaid({ askings, payments, resolvedAsFailed }: Model): string[] {
  return askings.flatMap(({ id, tid, isPaid }) => {
    const status = payments.get(tid)?.refunds.get(id)?.status
    const isWrong = isPaid && status === 'failed' && !resolvedAsFailed.has(id)
    return isWrong ? [`${id} failed, and its deposit was paid`] : []
  })
}

/** What one key books it books once, for as long as keys are kept. */
function bookedTwice({ bookings }: Model): string[] {
  return bookings.flatMap(({ id, atMs }, index) => {
    const earlier = bookings.slice(0, index).filter((other) => other.id === id)
    const isAgain = earlier.some((other) => atMs < other.atMs + KEY_RETENTION_MS - CLAIM_TRUST_MS)
    return isAgain ? [`${id} was booked twice`] : []
  })
}

/** One refund for each reference; more only where an operator was wrong about one. */
function sharedReferences({ payments, resolvedAsFailed }: Model): string[] {
  return [...payments].flatMap(([tid, { refunds }]) => {
    const standing = [...refunds.values()].filter(
      ({ id, status }) => status !== 'failed' && !resolvedAsFailed.has(id),
    )
    const references = standing.flatMap(({ reference }) => reference ?? [])
    return references.length > new Set(references).size ? [`two refunds of ${tid} share a reference`] : []
  })
}

/** One cancel of a payment at a time. */
function overlapping({ payments, nowMs }: Model): string[] {
  return [...payments].flatMap(([tid, { refunds }]) => {
    const inFlight = [...refunds.values()].filter((refund) => shownStatus(refund, nowMs) === 'processing')
    return inFlight.length > 1 ? [`${inFlight.map(({ id }) => id)} of ${tid} are in flight at once`] : []
  })
}

/**
 * The journal has the changes of each refund once, in their order, and each booking once, and nothing else; at rest all of
 * them, before perhaps not the last.
 */
function wronglyJournalled({ payments, journal }: Seen, { isAtRest }: { isAtRest: boolean }): string[] {
  const journalled = new Map<string, string[]>()
  for (const { id, tid, change, number } of journal) {
    const changes = journalled.get(`${id} ${tid}`) ?? []
    journalled.set(`${id} ${tid}`, [...changes, `${number} ${change}`])
  }
  const violations = payments.flatMap(({ tid, stored }) =>
    IDS.flatMap((id, index) => {
      const refund = stored[index] ?? null
      const changes = refund === null ? [] : refundChanges(refund)
      const happened = changes.map(({ change }, earlier) => `${earlier + 1} ${change}`)
      const found = journalled.get(`${id} ${tid}`) ?? []
      journalled.delete(`${id} ${tid}`)
      const expected = isAtRest ? happened : happened.slice(0, found.length)
      return messages([
        [found.join() !== expected.join(), `the journal of ${id} of ${tid}: [${found}], not [${happened}]`],
      ])
    }),
  )
  const unlikeBooked = payments.flatMap(({ tid, bookings }) =>
    bookings.flatMap(({ id }) => {
      const found = journalled.get(`${id} ${tid}`) ?? []
      journalled.delete(`${id} ${tid}`)
      const isRight = found.join() === '1 outside' || (found.length === 0 && !isAtRest)
      return isRight ? [] : [`the journal of ${id} of ${tid}: [${found}], not [1 outside]`]
    }),
  )
  return [
    ...violations,
    ...unlikeBooked,
    ...[...journalled.keys()].map((name) => `${name} is in the journal and nowhere else`),
  ]
}

/** Of a disputed one whoever dies just then may leave nothing but the ledger, where its money is held. */
const INDEXED: readonly RefundState[] = ['processing', 'unknown', 'awaiting_deposit']

function unsettledOf({ payments }: Model, states = INDEXED): string[] {
  return [...payments].flatMap(([tid, { refunds }]) =>
    [...refunds.values()].filter(({ status }) => states.includes(status)).map(({ id }) => `${id} ${tid}`),
  )
}

/** An entry is `<time>.<id> <attempt> <merchant> <tid>`, and of an unknown refund who asked for it behind that. */
function idAndTid(entry: string): string {
  const [position = '', , , tid] = entry.split(' ')
  return `${position.slice(position.indexOf('.') + 1)} ${tid}`
}

function notInIndex(model: Model, entries: readonly string[]): string[] {
  const indexed = new Set(entries.map(idAndTid))
  return unsettledOf(model)
    .filter((unsettled) => !indexed.has(unsettled))
    .map((unsettled) => `${unsettled} is unsettled and in no index`)
}

/**
 * Once a notification is kept, the reconciler soon settles what it proves, whoever took it and died. What it proves since
 * a begin was undone it settles when it looks at that refund.
 */
export async function assertHeard({ payments, undone }: Model, { redis, reader }: Real): Promise<void> {
  const notifications = createKeptNotifications(redis)
  for (const tid of TIDS) {
    if (undone.has(payments.get(tid) as ModelPayment)) continue
    const payment = await readNotified({ store: reader, notifications }, { merchant: MERCHANT, tid })
    const unheard = matchNotifications(payment).settles.map(({ refund }) => refund.id)
    if (unheard.length > 0) throw new Error(`what was notified of [${unheard}] of ${tid} is not heard`)
  }
}

/** What must be so once nobody is at work but the reconciler, and it has looked at everything. */
export async function assertAtRest(model: Model, real: Real): Promise<void> {
  await assertHolds(model, real)
  const seen = await look(real)
  const { entries, claims, looked } = seen
  const violations = wronglyJournalled(seen, { isAtRest: true })
  if (violations.length > 0) throw new Error(violations.join('; '))
  const disputed = unsettledOf(model, ['disputed'])
  const indexed = [...new Set(entries.map(idAndTid))].filter((one) => !disputed.includes(one)).sort()
  const unsettled = unsettledOf(model).sort()
  const free = unsettled.filter((one) => claims[IDS.indexOf(one.split(' ')[0] as string)] === null)
  const forgotten = disputed.filter((one) => !looked.map(idAndTid).includes(one))
  if (forgotten.length > 0) throw new Error(`[${forgotten}] are disputed, and nobody looks at them`)
  if (indexed.join() !== unsettled.join()) throw new Error(`in the index: [${indexed}], not [${unsettled}]`)
  if (free.length > 0) throw new Error(`the keys of [${free}] are free`)
}
