import fc from 'fast-check'
import t from 'tap'
import type { KeptNotification } from '../../../src/refunds/notification.ts'
import type { OutsideRefund } from '../../../src/refunds/outside-refund.ts'
import type { Refund } from '../../../src/refunds/refund.ts'
import { matchNotifications } from '../../../src/refunds/rules/match-notifications.ts'

const TID = 'order-1'
const MINUTE_MS = 60_000

/** Minutes of one hour. */
const at = (minute: number) => Date.UTC(2026, 0, 1, 10, 0) + minute * MINUTE_MS
const iso = (minute: number) => new Date(at(minute)).toISOString()

type Described = Readonly<{
  status: Refund['status'] | 'disputed'
  amount?: number
  minute?: number
  cancelTid?: string
  cancelAmount?: string
  hasDeposit?: boolean
  /** When a deposit was asked for last, where that was later. */
  askedAgain?: number
}>

/** Named by their places: a, b, c. */
function refundsOf(described: readonly Described[]): Refund[] {
  return described.map(
    (
      { status, amount = 300, minute = 0, cancelTid, cancelAmount, hasDeposit, askedAgain = minute },
      index,
    ) => {
      const answer = { cancel_tid: cancelTid ?? null, cancel_amt: cancelAmount ?? null }
      return {
        id: 'abcdefgh'[index],
        status: status === 'disputed' ? 'failed' : status,
        ...(status === 'disputed' && { disputed: true }),
        amount,
        provider: cancelTid || cancelAmount ? answer : null,
        deposit: hasDeposit ? { requested_at: iso(askedAgain), expires_at: '', answer: null } : null,
        created_at: iso(minute),
      } as Refund
    },
  )
}

type Told = Partial<KeptNotification> & Readonly<{ minute?: number; cancelled?: number | null }>

/** Named by their places: 1, 2, 3. Each came a minute after its cancel. */
function notificationsOf(told: readonly Told[]): KeptNotification[] {
  return told.map(({ minute = 10, cancelled = minute - 1, ...others }, index) => ({
    key: String(index + 1),
    type: 'cancel',
    tid: TID,
    amount: 300,
    date: cancelled === null ? null : String(cancelled),
    cancelledAt: cancelled === null ? null : iso(cancelled),
    receivedAtMs: at(minute),
    isOfSeveral: false,
    ...others,
  }))
}

const bookingsOf = (amounts: readonly number[]) => amounts.map((amount) => ({ amount }) as OutsideRefund)

type Row = Readonly<{
  name: string
  refunds?: readonly Described[]
  bookings?: readonly number[]
  told: readonly Told[]
  /** What each notification means: a refund by its name, or a word. */
  means: string
  settles?: string
}>

const ROWS: readonly Row[] = [
  { name: 'nothing is known of the payment', told: [{}], means: 'none' },
  {
    name: 'the one unknown refund of its amount',
    refunds: [{ status: 'unknown' }],
    told: [{}],
    means: 'a',
    settles: 'a',
  },
  { name: 'another amount', refunds: [{ status: 'unknown' }], told: [{ amount: 299 }], means: 'none' },
  { name: 'one that is being made', refunds: [{ status: 'processing' }], told: [{}], means: 'a' },
  { name: 'one that succeeded', refunds: [{ status: 'succeeded' }], told: [{}], means: 'a' },
  { name: 'one that is disputed', refunds: [{ status: 'disputed' }], told: [{}], means: 'a' },
  {
    name: 'a deposit that is paid after a person has called its refund failed',
    refunds: [{ status: 'failed', hasDeposit: true }],
    told: [{ type: 'deposit_cancel' }],
    means: 'a',
    settles: 'a',
  },
  {
    name: 'such a one beside another that awaits as much',
    refunds: [
      { status: 'failed', hasDeposit: true },
      { status: 'awaiting_deposit', hasDeposit: true, minute: 1 },
    ],
    told: [{ type: 'deposit_cancel' }],
    means: 'ambiguous',
  },
  {
    name: 'a deposit that was paid before another one was asked for',
    refunds: [{ status: 'awaiting_deposit', hasDeposit: true, askedAgain: 30 }],
    told: [{ type: 'deposit_cancel' }],
    means: 'a',
    settles: 'a',
  },
  { name: 'one that failed is no cause', refunds: [{ status: 'failed' }], told: [{}], means: 'none' },
  {
    name: 'two unknown ones of one amount, and one notification',
    refunds: [{ status: 'unknown' }, { status: 'unknown', minute: 1 }],
    told: [{}],
    means: 'ambiguous',
  },
  {
    name: 'two unknown ones of one amount, and two notifications',
    refunds: [{ status: 'unknown' }, { status: 'unknown', minute: 1 }],
    told: [{}, { minute: 11 }],
    means: 'a b',
    settles: 'a b',
  },
  {
    name: 'the same notification twice, or with the date written otherwise, is one cancel',
    refunds: [{ status: 'unknown' }, { status: 'unknown', minute: 1 }],
    told: [{}, { date: 'written otherwise' }],
    means: 'ambiguous ambiguous',
  },
  {
    name: 'one without a date may be one with a date',
    refunds: [{ status: 'unknown' }, { status: 'unknown', minute: 1 }],
    told: [{}, { cancelled: null }],
    means: 'ambiguous ambiguous',
  },
  {
    name: 'two without a date are one',
    refunds: [{ status: 'unknown' }, { status: 'succeeded', minute: 1 }],
    told: [{ cancelled: null }, { cancelled: null, date: 'unreadable' }],
    means: 'ambiguous ambiguous',
  },
  {
    name: 'one without a date is believed where it can mean no other',
    refunds: [{ status: 'unknown' }],
    told: [{ cancelled: null }],
    means: 'a',
    settles: 'a',
  },
  {
    name: 'a succeeded one beside the unknown one, and one notification',
    refunds: [{ status: 'succeeded' }, { status: 'unknown', minute: 5 }],
    told: [{}],
    means: 'ambiguous',
  },
  {
    name: 'a succeeded one that has a notification of its own',
    refunds: [{ status: 'succeeded' }, { status: 'unknown', minute: 5 }],
    told: [{ minute: 2 }, { minute: 20 }],
    means: 'a b',
    settles: 'b',
  },
  {
    name: 'both from before the unknown one',
    refunds: [{ status: 'succeeded' }, { status: 'unknown', minute: 30 }],
    told: [{ minute: 2 }, { minute: 8 }],
    means: 'none a',
  },
  {
    name: 'a failed one of the amount without a notification',
    refunds: [{ status: 'failed' }, { status: 'unknown', minute: 5 }],
    told: [{}],
    means: 'ambiguous',
  },
  {
    name: 'one in flight of the amount',
    refunds: [{ status: 'unknown' }, { status: 'processing', minute: 5 }],
    told: [{}],
    means: 'ambiguous',
  },
  {
    name: 'what came before the refund was asked for',
    refunds: [{ status: 'unknown', minute: 20 }],
    told: [{ minute: 19 }],
    means: 'none',
  },
  {
    name: 'what came later, of a cancel from long before',
    refunds: [{ status: 'unknown', minute: 20 }],
    told: [{ minute: 21, cancelled: 9 }],
    means: 'none',
  },
  {
    name: 'a cancel from a little before, by another clock',
    refunds: [{ status: 'unknown', minute: 20 }],
    told: [{ minute: 21, cancelled: 11 }],
    means: 'a',
    settles: 'a',
  },
  {
    name: 'a cancel that lies in the future',
    refunds: [{ status: 'unknown' }],
    told: [{ minute: 10, cancelled: 21 }],
    means: 'none',
  },
  {
    name: 'the tid of its cancel, beside another of its amount',
    refunds: [
      { status: 'succeeded', cancelTid: 'C1' },
      { status: 'unknown', minute: 1 },
    ],
    told: [{ tid: 'C1' }],
    means: 'a',
  },
  {
    name: 'the tid of its cancel leaves the other notification to the other',
    refunds: [
      { status: 'succeeded', cancelTid: 'C1' },
      { status: 'unknown', minute: 1 },
    ],
    told: [{ tid: 'C1' }, { minute: 12 }],
    means: 'a b',
    settles: 'b',
  },
  {
    name: 'the tid of a cancel of which the answer left the outcome open',
    refunds: [
      { status: 'unknown', cancelTid: 'C1' },
      { status: 'unknown', minute: 1 },
    ],
    told: [{ tid: 'C1' }],
    means: 'a',
    settles: 'a',
  },
  {
    name: 'the tid of its cancel, and another amount',
    refunds: [{ status: 'unknown', cancelTid: 'C1' }],
    told: [{ tid: 'C1', amount: 200 }],
    means: 'ambiguous',
  },
  {
    name: 'a tid that two cancels have names neither',
    refunds: [
      { status: 'succeeded', cancelTid: 'C1' },
      { status: 'unknown', cancelTid: 'C1', minute: 1 },
    ],
    told: [{ tid: 'C1' }],
    means: 'ambiguous',
  },
  {
    name: 'the figure of the provider where that was another',
    refunds: [
      { status: 'succeeded', amount: 400, cancelAmount: '300' },
      { status: 'unknown', minute: 1 },
    ],
    told: [{}],
    means: 'ambiguous',
  },
  { name: 'a booking', bookings: [300], told: [{}], means: 'outside' },
  { name: 'a booking that was taken back', bookings: [300, -300], told: [{}], means: 'none' },
  {
    name: 'a booking beside an unknown refund',
    refunds: [{ status: 'unknown' }],
    bookings: [300],
    told: [{}],
    means: 'ambiguous',
  },
  {
    name: 'a booking and an unknown refund, each with a notification',
    refunds: [{ status: 'unknown', minute: 5 }],
    bookings: [300],
    told: [{ minute: 3 }, { minute: 20 }],
    means: 'outside a',
    settles: 'a',
  },
  {
    name: 'more notifications than refunds: somebody cancelled outside',
    refunds: [{ status: 'succeeded' }],
    told: [{ minute: 5 }, { minute: 30 }],
    means: 'none a',
  },
  {
    name: 'one that may be of another merchant',
    refunds: [{ status: 'unknown' }],
    told: [{ isOfSeveral: true }],
    means: 'ambiguous',
  },
  {
    name: 'a deposit that was paid',
    refunds: [{ status: 'awaiting_deposit', hasDeposit: true }],
    told: [{ type: 'deposit_cancel' }],
    means: 'a',
    settles: 'a',
  },
  {
    name: 'a cancel beside a deposit that is awaited',
    refunds: [{ status: 'awaiting_deposit', hasDeposit: true }],
    told: [{}],
    means: 'none',
  },
  {
    name: 'a paid deposit beside an unknown refund',
    refunds: [{ status: 'unknown' }],
    told: [{ type: 'deposit_cancel' }],
    means: 'none',
  },
]

t.test('what each notification means, and which refunds it settles', async (t) => {
  for (const { name, refunds = [], bookings = [], told, means, settles = '' } of ROWS) {
    const payment = {
      tid: TID,
      refunds: refundsOf(refunds),
      bookings: bookingsOf(bookings),
      notifications: notificationsOf(told),
    }
    const found = matchNotifications(payment)
    const words = payment.notifications.map(({ key }) => {
      const meaning = found.meaningOf.get(key)
      return meaning?.means === 'refund' ? meaning.refund.id : meaning?.means
    })
    t.equal(words.join(' '), means, name)
    t.equal(
      found.settles
        .map(({ refund }) => refund.id)
        .sort()
        .join(' '),
      settles,
      `${name}: settles`,
    )
  }
})

/** Few amounts and moments, so that they meet. */
const anyPayment = fc.record({
  refunds: fc.array(
    fc.record({
      status: fc.constantFrom(
        'unknown' as const,
        'unknown' as const,
        'succeeded' as const,
        'failed' as const,
        'processing' as const,
      ),
      amount: fc.constantFrom(100, 300),
      minute: fc.integer({ min: 0, max: 30 }),
    }),
    { maxLength: 5 },
  ),
  bookings: fc.array(fc.constantFrom(100, 300, -100), { maxLength: 2 }),
  told: fc.array(
    fc.record({
      amount: fc.constantFrom(100, 300),
      minute: fc.integer({ min: 0, max: 40 }),
      cancelled: fc.option(fc.integer({ min: 0, max: 40 })),
    }),
    { maxLength: 6 },
  ),
})

type Any = Readonly<{ refunds: readonly Described[]; bookings: readonly number[]; told: readonly Told[] }>

function paymentOf({ refunds, bookings, told }: Any) {
  return {
    tid: TID,
    refunds: refundsOf(refunds),
    bookings: bookingsOf(bookings),
    notifications: notificationsOf(told),
  }
}

const settledIds = (payment: ReturnType<typeof paymentOf>) =>
  matchNotifications(payment)
    .settles.map(({ refund }) => refund.id)
    .sort()
    .join()

t.test('whatever is notified, only what can mean no other settles', async (t) => {
  fc.assert(
    fc.property(anyPayment, (described) => {
      const payment = paymentOf(described)
      const { settles, meaningOf } = matchNotifications(payment)
      const used = new Set<string>()
      for (const { refund, notification } of settles) {
        if (refund.status !== 'unknown') throw new Error(`${refund.id} was not open`)
        if (refund.amount !== notification.amount) throw new Error(`${refund.id} has another amount`)
        if (notification.receivedAtMs < Date.parse(refund.created_at) - MINUTE_MS)
          throw new Error('too early')
        if (used.has(notification.key)) throw new Error(`notification ${notification.key} was taken twice`)
        used.add(notification.key)
        const same = payment.refunds.filter(({ amount }) => amount === refund.amount).length
        const dates = new Set(
          payment.notifications
            .filter(({ amount }) => amount === refund.amount)
            .map(({ cancelledAt }) => cancelledAt),
        )
        if (dates.size < same) throw new Error(`${same} refunds of ${refund.amount}, ${dates.size} cancels`)
      }
      if (meaningOf.size !== payment.notifications.length) throw new Error('one means nothing at all')
    }),
    { numRuns: 3_000 },
  )
  t.pass()
})

t.test('the order in which they came, and how often, changes nothing', async (t) => {
  fc.assert(
    fc.property(anyPayment, fc.nat(20), (described, seed) => {
      const payment = paymentOf(described)
      const settled = settledIds(payment)
      const shift = payment.notifications.length ? seed % payment.notifications.length : 0
      const { notifications } = payment
      const turned = [...notifications.slice(shift), ...notifications.slice(0, shift)]
      if (settledIds({ ...payment, notifications: turned }) !== settled) throw new Error('the order counts')
      const twice = notifications.map((one) => ({
        ...one,
        key: `${one.key} again`,
        date: 'written otherwise',
      }))
      if (settledIds({ ...payment, notifications: [...notifications, ...twice] }) !== settled) {
        throw new Error('a repetition counts')
      }
    }),
    { numRuns: 2_000 },
  )
  t.pass()
})

t.test('another refund or booking of the amount never makes more of them certain', async (t) => {
  fc.assert(
    fc.property(anyPayment, fc.integer({ min: 0, max: 30 }), (described, minute) => {
      const before = settledIds(paymentOf(described)).split(',')
      const more = {
        ...described,
        refunds: [...described.refunds, { status: 'processing' as const, amount: 300, minute }],
      }
      const after = settledIds(paymentOf(more)).split(',')
      if (after.some((id) => id !== '' && !before.includes(id))) throw new Error(`${before} became ${after}`)
    }),
    { numRuns: 2_000 },
  )
  t.pass()
})
