import type { Krw } from '../krw.ts'
import type { KeptNotification, NotificationType } from '../notification.ts'
import type { OutsideRefund } from '../outside-refund.ts'
import type { Refund } from '../refund.ts'

/** All that is known of one payment, from which follows what its notifications mean. */
export type NotifiedPayment = Readonly<{
  tid: string
  refunds: readonly Refund[]
  bookings: readonly OutsideRefund[]
  notifications: readonly KeptNotification[]
}>

/** What one notification means: a refund, a booking, one of several causes, or none of them. */
export type Meaning =
  | Readonly<{ means: 'refund'; refund: Refund }>
  | Readonly<{ means: 'outside' | 'ambiguous' | 'none' }>

/** `settles`: refunds that are open and were made, each with the notification that says so. */
export type Matching = Readonly<{
  meaningOf: ReadonlyMap<string, Meaning>
  settles: readonly Readonly<{ refund: Refund; notification: KeptNotification }>[]
}>

/** How much earlier than its request a cancel may be dated, or later than it is told of, by a clock that is not ours. */
const CLOCK_TOLERANCE_MS = 10 * 60_000

/** What may have led to a cancel: a refund, or what a person booked. */
type Cause = Readonly<{
  refund: Refund | null
  type: NotificationType
  /** Each amount that it may have been made with. */
  amounts: readonly Krw[]
  /** No notification of it is older; in milliseconds since 1970. */
  notBeforeMs: number
}>

/**
 * What the notifications of a payment mean (docs/architecture.md, Notifications). The one place that decides it. A
 * notification settles an open refund only where it can mean no other: every refund and booking of its amount has one of
 * its own, and no notification is taken for two. What may be the same cancel told twice counts once.
 */
export function matchNotifications(payment: NotifiedPayment): Matching {
  const meaningOf = new Map<string, Meaning>()
  const settles: Matching['settles'][number][] = []
  const mean = (notification: KeptNotification, cause: Cause) => {
    const { refund } = cause
    meaningOf.set(notification.key, refund === null ? { means: 'outside' } : { means: 'refund', refund })
    if (refund !== null && isOpen(refund)) settles.push({ refund, notification })
  }

  const causes = causesOf(payment)
  const named = new Set<Cause>()
  const unnamed: KeptNotification[] = []
  for (const notification of payment.notifications) {
    if (notification.isOfSeveral) {
      meaningOf.set(notification.key, { means: 'ambiguous' })
      continue
    }
    const cause = causeNamedBy(notification, payment, causes)
    if (cause === undefined) unnamed.push(notification)
    else {
      named.add(cause)
      if (isOpen(cause.refund as Refund) && !mayBe(notification, cause)) {
        meaningOf.set(notification.key, { means: 'ambiguous' })
      } else mean(notification, cause)
    }
  }
  const left = causes.filter((cause) => !named.has(cause))
  for (const group of groupsOf(unnamed)) {
    const { type, amount } = group[0] as KeptNotification
    const possible = left.filter((cause) => cause.type === type && cause.amounts.includes(amount))
    matchGroup(group, possible, { mean, meaningOf })
  }
  return { meaningOf, settles }
}

/** Whether a notification settles it, or disputes it. */
function isOpen(refund: Refund): boolean {
  return refund.status === 'unknown' || refund.status === 'awaiting_deposit' || isPayable(refund)
}

/** Called failed by a person, while the account for its deposit may still be paid into. */
function isPayable({ status, disputed, deposit }: Refund): boolean {
  return status === 'failed' && disputed !== true && deposit !== null
}

/** Nothing can have been made of it. */
function isFailed({ refund }: Cause): boolean {
  return refund !== null && refund.status === 'failed' && refund.disputed !== true && !isPayable(refund)
}

function causesOf({ refunds, bookings }: NotifiedPayment): Cause[] {
  return [...refunds.map(causeOfRefund), ...standingBookings(bookings)]
}

function causeOfRefund(refund: Refund): Cause {
  const figure = Number(refund.provider?.cancel_amt ?? Number.NaN)
  const isOther = refund.status !== 'unknown' && Number.isInteger(figure) && figure > 0
  return {
    refund,
    type: refund.deposit === null ? 'cancel' : 'deposit_cancel',
    amounts: isOther && figure !== refund.amount ? [refund.amount, figure] : [refund.amount],
    // Of any deposit that was asked for: an earlier one may have been paid, too.
    notBeforeMs: Date.parse(refund.created_at),
  }
}

/** The bookings that were not taken back by one of as much. What they stand for was cancelled at any time before. */
function standingBookings(bookings: readonly OutsideRefund[]): Cause[] {
  const taken = bookings.filter(({ amount }) => amount < 0).map(({ amount }) => -amount)
  const standing: Cause[] = []
  for (const { amount } of bookings) {
    const back = taken.indexOf(amount)
    if (amount < 0) continue
    if (back >= 0) taken.splice(back, 1)
    else standing.push({ refund: null, type: 'cancel', amounts: [amount], notBeforeMs: 0 })
  }
  return standing
}

/** The refund whose cancel is named by its own tid, which no other has. */
function causeNamedBy(
  { tid }: KeptNotification,
  payment: NotifiedPayment,
  causes: readonly Cause[],
): Cause | undefined {
  if (tid === payment.tid) return undefined
  const [named, ...others] = causes.filter(({ refund }) => refund?.provider?.cancel_tid === tid)
  return others.length === 0 ? named : undefined
}

/** Whether this notification can be of this cause, by type, amount and time. */
function mayBe(notification: KeptNotification, cause: Cause): boolean {
  const { type, amount } = notification
  return cause.type === type && cause.amounts.includes(amount) && limitOf(notification) >= cause.notBeforeMs
}

/** The latest moment at which a refund can have been asked for that this notification means. */
function limitOf({ receivedAtMs, cancelledAt }: KeptNotification): number {
  if (cancelledAt === null) return receivedAtMs
  const cancelled = Date.parse(cancelledAt)
  if (cancelled > receivedAtMs + CLOCK_TOLERANCE_MS) return Number.NEGATIVE_INFINITY
  return Math.min(receivedAtMs, cancelled + CLOCK_TOLERANCE_MS)
}

/** Notifications of one type and amount. */
function groupsOf(notifications: readonly KeptNotification[]): KeptNotification[][] {
  const groups = new Map<string, KeptNotification[]>()
  for (const notification of notifications) {
    const key = `${notification.type} ${notification.amount}`
    groups.set(key, [...(groups.get(key) ?? []), notification])
  }
  return [...groups.values()]
}

/** Of each cancel one notification: those of one date may be one cancel, and one without a date may be any. */
function distinct(group: readonly KeptNotification[]): Map<KeptNotification, KeptNotification[]> {
  const oldestFirst = group.toSorted(
    (one, other) => limitOf(one) - limitOf(other) || (one.key < other.key ? -1 : 1),
  )
  const byDate = new Map<string | null, KeptNotification[]>()
  for (const notification of oldestFirst) {
    const { cancelledAt } = notification
    byDate.set(cancelledAt, [...(byDate.get(cancelledAt) ?? []), notification])
  }
  const undated = byDate.get(null) ?? []
  const dated = [...byDate].filter(([date]) => date !== null).map(([, same]) => same)
  const [first, ...rest] = dated
  const cancels = first === undefined ? [undated] : [[...first, ...undated], ...rest]
  return new Map(cancels.map((same) => [same[0] as KeptNotification, same]))
}

type Means = Readonly<{
  mean(notification: KeptNotification, cause: Cause): void
  meaningOf: Map<string, Meaning>
}>

/** Notifications of one type and amount against what can have led to them. */
function matchGroup(group: readonly KeptNotification[], causes: readonly Cause[], told: Means): void {
  const cancels = distinct(group)
  const latestFirst = [...cancels.keys()].sort((one, other) => limitOf(other) - limitOf(one))
  const youngestFirst = causes.toSorted((one, other) => other.notBeforeMs - one.notBeforeMs)
  const isEachNotified = youngestFirst.every((cause, index) => {
    const notification = latestFirst[index]
    return notification !== undefined && limitOf(notification) >= cause.notBeforeMs
  })
  const meanAll = (notification: KeptNotification, meaning: Meaning) => {
    for (const { key } of cancels.get(notification) ?? []) told.meaningOf.set(key, meaning)
  }
  const standing = youngestFirst.filter((cause) => !isFailed(cause))
  const isCertain = isEachNotified || standing.every(isSettled)
  let next = 0
  for (const notification of latestFirst) {
    const candidates = standing.slice(next).filter((cause) => mayBe(notification, cause))
    const [cause] = candidates
    if (cause === undefined) meanAll(notification, { means: 'none' })
    else if (!isCertain && !candidates.every(isSettled)) meanAll(notification, { means: 'ambiguous' })
    else {
      next = standing.indexOf(cause) + 1
      meanAll(notification, meaningFor(cause))
      told.mean(notification, cause)
    }
  }
}

function meaningFor({ refund }: Cause): Meaning {
  return refund === null ? { means: 'outside' } : { means: 'refund', refund }
}

function isSettled({ refund }: Cause): boolean {
  return refund === null || refund.status === 'succeeded' || refund.disputed === true
}
