import { setImmediate as flowsToRun } from 'node:timers/promises'
import type { Wish } from '../../src/refunds/claim.ts'
import type { MonotonicClock } from '../../src/refunds/clock.ts'
import { bookOutside } from '../../src/refunds/flows/book-outside.ts'
import { createPaymentTurns } from '../../src/refunds/flows/payment-turns.ts'
import type { BackgroundWork } from '../../src/refunds/flows/pending-writes.ts'
import { receiveNotification } from '../../src/refunds/flows/receive-notification.ts'
import { requestDeposit } from '../../src/refunds/flows/request-deposit.ts'
import { requestRefund } from '../../src/refunds/flows/request-refund.ts'
import { resolveRefund } from '../../src/refunds/flows/resolve-refund.ts'
import { startReconciler } from '../../src/refunds/jobs/settle-unknown.ts'
import { koreanDay } from '../../src/refunds/korean-day.ts'
import type { CancelNotification } from '../../src/refunds/notification.ts'
import type { RefundObserver } from '../../src/refunds/ports/observer.ts'
import type { CancelCall, CancelOutcome, DepositOutcome, Provider } from '../../src/refunds/ports/provider.ts'
import type { RefundStore } from '../../src/refunds/ports/store.ts'
import { bookingId, refundId } from '../../src/refunds/refund-id.ts'
import type { RefundRequest } from '../../src/refunds/refund-request.ts'
import { keys } from '../../src/store/keys.ts'
import type { ScriptedClient } from '../../src/store/lua/scripts.ts'
import { createNotifications } from '../../src/store/notifications.ts'
import { createOutsideRefunds } from '../../src/store/outside-refunds.ts'
import { createRefundStore } from '../../src/store/refund-store.ts'
import {
  emptyPayment,
  type ModelPayment,
  type ModelRefund,
  modelAwaitDeposit,
  modelBegin,
  modelBook,
  modelCheck,
  modelKeepDeposit,
  modelRead,
  modelReadAll,
  modelRelease,
  modelSettle,
  modelUndoDeposit,
  shownStatus,
} from './ledger-model.ts'
import { MERCHANT, MERCHANT_ACCOUNT } from './merchant.ts'
import { createSteppedClient, type SentCommand, type SteppedClient } from './stepped-client.ts'

// The real flow, reconciler, store and Lua, on a real Redis. Only the provider, the clock and the moment at which
// each command is done are the test's. Concurrent actors take one command at a time, and die between any two.

const CALLER = 'caller'
export const KEYS = ['key-0', 'key-1', 'key-2']
export const IDS = KEYS.map((key) => refundId(CALLER, key))
export const TIDS = ['tid-0', 'tid-1']
export const PAID = 1000

export const BOOKING_KEYS = ['booking-0', 'booking-1', 'booking-2']
export const BOOKING_IDS = BOOKING_KEYS.map((key) => bookingId(CALLER, key))
/** Of amounts that some refunds have, and of others; one takes back. */
export const BOOKINGS = [
  { tid: 'tid-0', amount: 200 },
  { tid: 'tid-0', amount: 150 },
  { tid: 'tid-0', amount: -150 },
  { tid: 'tid-1', amount: 600 },
] as const

export const LEASE_MS = 60_000
/** Shorter than the pauses of the reconciler, so that a key that expires too early does so within a run. */
export const KEY_RETENTION_MS = 5 * 3_600_000

/** Longer than anything takes while no time passes, and shorter than any time that does. */
const SPACING_MS = 30_000
/** Some of the times that pass are shorter, some longer. */
const DUPLICATE_WINDOW_MS = 1_200_000

const ofTid = (tid: string) =>
  ({ tid, reason: 'reason', payment: { method: 'card_auth', amount: PAID } }) as const

export const PAYLOADS: readonly RefundRequest[] = [
  ...TIDS.flatMap((tid) => [ofTid(tid), { ...ofTid(tid), amount: 600 }]),
  // Of one payment, so that references and amounts meet.
  { ...ofTid('tid-0'), amount: 200, reference: 'line 1' },
  { ...ofTid('tid-0'), amount: 300, reference: 'line 1' },
  { ...ofTid('tid-0'), amount: 200 },
  { ...ofTid('tid-0'), amount: 200, expected_remaining: PAID },
]

/** A cancel that the provider tells of, as often as it likes; the same date each time, or none. */
export type Cancelled = {
  id: string
  tid: string
  amount: number
  type: CancelNotification['type']
  date: string
}

/** A cancel call; `hasLeft` while the provider may have got it, `isApplied` once the money has moved. */
export type Relay = {
  id: string
  tid: string
  attempt: string
  amount: number
  isFull: boolean
  atMs: number
  hasLeft: boolean
  isApplied: boolean
  isDeclined: boolean
}

/** A call for a deposit; `hasLeft` while the provider may have got it, `isPaid` once the merchant has paid. */
export type Asking = {
  id: string
  tid: string
  token: string
  amount: number
  isFull: boolean
  atMs: number
  hasLeft: boolean
  isPaid: boolean
  /** Those of its refund that had left on the same day in Korea, when it was made. */
  sameDay: readonly Asking[]
}

/** What the payments must be, and what has happened outside of Redis. */
export type Model = {
  nowMs: number
  payments: Map<string, ModelPayment>
  relays: Relay[]
  askings: Asking[]
  /** What the provider has applied, as it tells of it. */
  cancels: Cancelled[]
  /** What was booked, on which payment and when. */
  bookings: { id: string; tid: string; atMs: number }[]
  /** What attempts at bookings were refused with, by their marks. */
  refusedBookings: Map<string, string>
  /** Tokens of askings that the store knows, or has known, and that were not undone. */
  intended: Set<string>
  /** Payments of which a begin was undone: what was notified of may have been that refund's until then. */
  undone: Set<ModelPayment>
  /** Ids that an operator has resolved as failed, whether that was right or not. */
  resolvedAsFailed: Set<string>
  /** How many of each there are after a step, which only the real flows know. */
  actors: number
  atStore: number
  atProvider: number
  atDeposit: number
  payable: number
  tellable: number
  strays: number
  unheard: number
}

export type Actor = {
  client: SteppedClient
  call: { relay: Relay; answer(outcome: CancelOutcome): void } | null
  depositCall: { asking: Asking; answer(outcome: DepositOutcome): void } | null
  /** The attempts that it has begun, and what it has asked of the provider. */
  attempts: Set<string>
  relays: Relay[]
  isDone: boolean
}

export type Real = {
  redis: ScriptedClient
  reader: RefundStore
  actors: Actor[]
  /** What a broken connection still carries, and may yet deliver. */
  strays: SentCommand[][]
  violations: string[]
  stop: (() => Promise<void>)[]
}

export function newModel(): Model {
  const payments = new Map(TIDS.map((tid) => [tid, emptyPayment()]))
  const relays: Relay[] = []
  return {
    nowMs: 0,
    payments,
    relays,
    askings: [],
    cancels: [],
    bookings: [],
    refusedBookings: new Map(),
    intended: new Set(),
    undone: new Set(),
    resolvedAsFailed: new Set(),
    actors: 0,
    atStore: 0,
    atProvider: 0,
    atDeposit: 0,
    payable: 0,
    tellable: 0,
    strays: 0,
    unheard: 0,
  }
}

/** What the provider did with this call, or once this deposit was paid. It is told of from then on. */
export function apply(model: Model, made: Relay | Asking): void {
  const { id, tid, amount } = made
  const isDeposit = 'isPaid' in made
  if (isDeposit) made.isPaid = true
  else made.isApplied = true
  const type = isDeposit ? 'deposit_cancel' : 'cancel'
  model.cancels.push({ id, tid, amount, type, date: new Date().toISOString() })
}

export function createStore(redis: ScriptedClient, clock: MonotonicClock = () => 0): RefundStore {
  return createRefundStore(redis, storeOptions(clock))
}

function storeOptions(clock: MonotonicClock) {
  return {
    now: () => Date.now(),
    clock,
    longestLeaseMs: () => LEASE_MS,
    idempotencyRetentionMs: KEY_RETENTION_MS,
    ledgerRetentionMs: 400 * 86_400_000,
    journalRetentionMs: 400 * 86_400_000,
    durability: () => ({ state: 'durable', needsFileSync: false }) as const,
    requireDurability: true,
    barrier: async () => true,
    // At once, so that what leaves is one of the commands between which a process may die.
    gather: queueMicrotask,
  }
}

export function createKeptNotifications(redis: ScriptedClient, clock: MonotonicClock = () => 0) {
  return createNotifications(redis, storeOptions(clock))
}

/** Does a command on the real Redis and, where it is a script on a payment, on the model: both must answer the same. */
export async function execute(model: Model, real: Real, { name, args }: SentCommand): Promise<unknown> {
  const commands = real.redis as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  const foretold = name === 'beginRefund' ? await foretell(model, real, args) : null
  const isAsSeen = name !== 'awaitDeposit' || (await holdsAsSeen(real, args.map(String)))
  const reply = await (commands[name] as (...args: unknown[]) => Promise<unknown>)(...args)
  if (foretold !== null) assertForetold(foretold, reply as readonly string[])
  const expected = expectedReply(model, name, args.map(String), isAsSeen)
  const actual = Array.isArray(reply) ? reply[0] : reply
  if (expected !== undefined && actual !== expected) throw new Error(`${name}: ${actual}, not ${expected}`)
  if (name === 'settleRefund' && actual === 'settled') real.violations.push(...wronglyTold(model, args))
  return reply
}

/** A notification settles only what the provider has done. */
function wronglyTold({ cancels }: Model, args: readonly unknown[]): string[] {
  const [, id = '', , , , , source] = args.map(String)
  const isTold = source !== 'notification' || cancels.some((cancelled) => cancelled.id === id)
  return isTold ? [] : [`${id} is settled by a notification, and nothing was cancelled for it`]
}

/** Whether the store has a refund as whoever asks for its deposit has seen it. */
async function holdsAsSeen({ redis }: Real, args: readonly string[]): Promise<boolean> {
  const [id = '', , status, at] = args.slice(2 + WISHED)
  const words = (await redis.hget(args[0] as string, id))?.split(' ') ?? []
  return words[0] === status && words[8] === at
}

/** What check says of a begin that is about to be done; null where that finds its refund already. */
async function foretell(
  model: Model,
  { redis }: Real,
  args: readonly unknown[],
): Promise<readonly string[] | null> {
  const [paymentKey, , ...others] = args.map(String)
  if (paymentOf(model, paymentKey).refunds.has(others[WISHED] as string)) return null
  return redis.checkRefund(paymentKey as string, ...others.slice(0, WISHED))
}

/** A begin does what check said just before, unless its claim or its lease is gone, which check knows nothing of. */
function assertForetold(foretold: readonly string[], begun: readonly string[]): void {
  if (begun[0] === 'claim_abandoned' || begun[0] === 'lost') return
  const isOnlySpaced = begun[0] === 'payment_busy' && begun[1] !== ''
  const did = begun[0] === 'begun' || isOnlySpaced ? 'allowed' : begun[0]
  if (foretold[0] !== did) throw new Error(`check: ${foretold}, begin: ${begun}`)
  if (did !== 'allowed' && foretold[1] !== begun[1]) throw new Error(`check: ${foretold}, begin: ${begun}`)
  if (begun[0] !== 'begun') return
  const [, kind, , , amount, taxFree] = (begun[2] as string).split(' ')
  const figures = [kind, amount, taxFree].join()
  if (foretold.slice(1, 4).join() !== figures) throw new Error(`check: ${foretold}, begun: ${figures}`)
}

function paymentOf({ payments }: Model, paymentKey = ''): ModelPayment {
  return payments.get(paymentKey.slice(`payment:{${MERCHANT}:`.length, -1)) as ModelPayment
}

/** The first word of a script's reply, by the keys and arguments that stand at its head. */
function expectedReply(
  model: Model,
  name: string,
  args: readonly string[],
  isAsSeen: boolean,
): string | undefined {
  const payment = paymentOf(model, args[0])
  const { nowMs } = model
  switch (name) {
    case 'beginRefund': {
      const [, claimToken = ''] = args
      const [id = '', attempt = '', leaseMs, markMs, , text, isRenewal] = args.slice(2 + WISHED)
      const request = {
        ...{ id, attempt, claimToken, text },
        wish: wishFrom(args.slice(2, 2 + WISHED)),
        isRenewal: isRenewal === '1',
      }
      return modelBegin(payment, request, { nowMs, leaseMs: Number(leaseMs), markMs: Number(markMs) })
    }
    case 'checkRefund':
      return modelCheck(payment, wishFrom(args.slice(1)), nowMs).result
    case 'readPayment':
    case 'listRefunds':
      modelReadAll(payment, nowMs)
      return undefined
    case 'settleRefund': {
      const [, id = '', attempt = '', status, booked, , source, text = '', , settles] = args
      const bookedAmount = booked === '' ? null : Number(booked)
      const settlement = { status, source, bookedAmount, text, settles } as Parameters<typeof modelSettle>[2]
      const result = modelSettle(payment, { id, attempt }, settlement, nowMs)
      if (result === 'settled' && source === 'operator' && status === 'failed') model.resolvedAsFailed.add(id)
      return result
    }
    case 'awaitDeposit': {
      const [id = '', token = ''] = args.slice(2 + WISHED)
      const wish = wishFrom(args.slice(2, 2 + WISHED))
      const result = modelAwaitDeposit(payment, { id, token, wish, isAsSeen }, nowMs)
      if (result === 'awaiting') model.intended.add(token)
      return result
    }
    case 'undoDeposit': {
      const [, , id = '', token = '', status, updatedAt, kind, asking, , , leaseMs, markMs] = args
      const updatedAtMs = nowMs - (Date.now() - Number(updatedAt))
      const before = { status, kind, asking: asking || null, updatedAtMs } as Partial<ModelRefund>
      const time = { nowMs, leaseMs: Number(leaseMs), markMs: Number(markMs) }
      const result = modelUndoDeposit(payment, { id, token, before }, time)
      if (result === 'undone') model.intended.delete(token)
      return result
    }
    case 'keepDeposit':
      return modelKeepDeposit(payment, args[1] as string, args[2] as string)
    case 'releaseRefund': {
      const [, claimToken = '', id = '', attempt = '', markMs] = args
      const isUndone = payment.refunds.get(id)?.attempt === attempt
      const result = modelRelease(payment, { id, attempt, claimToken }, { nowMs, markMs: Number(markMs) })
      if (isUndone && result === 'released') model.undone.add(payment)
      return result
    }
    case 'bookOutside': {
      const [paymentKey = '', mark = '', id = '', amount, taxFree] = args
      const refused = model.refusedBookings.get(mark)
      if (refused !== undefined) return refused
      const stated = taxFree === '' ? undefined : Number(taxFree)
      const result = modelBook(payment, { id, amount: Number(amount), taxFree: stated })
      if (result !== 'booked' && result !== 'exists') model.refusedBookings.set(mark, result)
      const tid = paymentKey.slice(`payment:{${MERCHANT}:`.length, -1)
      if (result === 'booked') model.bookings.push({ id, tid, atMs: nowMs })
      return result
    }
    case 'readRefund': {
      const [, id = ''] = args
      modelRead(payment, id, nowMs)
      return payment.refunds.has(id) ? 'found' : 'missing'
    }
    default:
      return undefined
  }
}

/** How many arguments a wish has (lua/shared/may-begin.lua). */
const WISHED = 11

/** The wish that these arguments say. */
function wishFrom(args: readonly string[]): Wish {
  const [, paid, , amount, , partialAllowed, reference, expectedRemaining, duplicateOf, ...durations] = args
  const figure = (text: string | undefined) => (text === '' ? undefined : Number(text))
  return {
    payment: { method: 'card_auth', amount: Number(paid) },
    amount: figure(amount),
    taxFreeAmount: undefined,
    partialAllowed: partialAllowed === '1',
    reference: reference || undefined,
    expectedRemaining: figure(expectedRemaining),
    duplicateOf: duplicateOf || undefined,
    duplicateWindowMs: Number(durations[0]),
    spacingMs: Number(durations[1]),
  }
}

const NOTHING_OBSERVED = new Proxy({} as RefundObserver, { get: () => () => {} })
const ANSWER = { cancel_tid: null, cancel_code: null, cancel_msg: null, cancel_date: null, cancel_amt: null }

/** A provider that applies whatever it is asked, so that nothing but the gateway keeps a payment from harm. */
function createProvider(
  model: Model,
  { violations }: Real,
  actor: Actor,
  id: string,
  isLookupDown: boolean,
): Provider {
  const cancel: CancelCall = ({ tid, kind, amount }) =>
    new Promise((answer) => {
      const refund = model.payments.get(tid)?.refunds.get(id)
      if (refund === undefined || shownStatus(refund, model.nowMs) !== 'processing') {
        violations.push(`${id} was sent without a lease`)
      }
      const isTooSoon = (other: Relay) =>
        other.tid === tid && other.hasLeft && model.nowMs - other.atMs < SPACING_MS
      if (model.relays.some(isTooSoon)) violations.push(`${id} was sent too soon after another of ${tid}`)
      const relay: Relay = {
        id,
        tid,
        attempt: refund?.attempt ?? '',
        amount,
        isFull: kind === 'full',
        atMs: model.nowMs,
        hasLeft: true,
        isApplied: false,
        isDeclined: false,
      }
      model.relays.push(relay)
      actor.relays.push(relay)
      actor.call = { relay, answer }
    })
  return {
    authorize: async () => ({ outcome: 'authorized', token: 'token' }),
    renew: async () => ({ outcome: 'authorized', token: 'fresh' }),
    admit: async () => ({ outcome: 'admitted', cancel, leave: () => {} }),
    askForDeposit: ({ tid, amount }) =>
      new Promise((answer) => {
        const refund = model.payments.get(tid)?.refunds.get(id)
        const token = [...actor.attempts].find((attempt) => model.intended.has(attempt))
        if (token === undefined) violations.push(`a deposit of ${id} was asked for without an intent`)
        const asking: Asking = {
          ...{ id, tid, token: token ?? '', amount, isFull: refund?.kind === 'full' },
          ...{ atMs: model.nowMs, hasLeft: true, isPaid: false },
          sameDay: model.askings.filter(
            (other) => other.id === id && dayAt(model, other.atMs) === dayAt(model, model.nowMs),
          ),
        }
        model.askings.push(asking)
        actor.depositCall = { asking, answer }
      }),
    lookUp: async ({ tid }) =>
      !isLookupDown && isCancelledWhole(model, tid)
        ? { outcome: 'cancelled', refundedAt: new Date().toISOString() }
        : { outcome: 'inconclusive', detail: 'not seen' },
    readAnswer: () => ({ refundedAt: null, cancelledAmount: null }),
  }
}

/** By a call for everything, or once the deposit for one was paid. */
function isCancelledWhole({ relays, askings }: Model, tid: string): boolean {
  return (
    relays.some((relay) => relay.tid === tid && relay.isFull && relay.isApplied) ||
    askings.some((asking) => asking.tid === tid && asking.isFull && asking.isPaid)
  )
}

/** Of what was at this time of the model, which Redis knows as that much older than now. */
function dayAt({ nowMs }: Model, atMs: number): string {
  return koreanDay(Date.now() - (nowMs - atMs))
}

export type DepositFate = DepositOutcome['outcome']

/** Another one each time, so that a rejected token is followed by anything. */
export const DEPOSIT_FATES: readonly DepositFate[] = ['answered', 'lost', 'not_sent', 'token_rejected']

export function depositOutcomeOf(fate: DepositFate): DepositOutcome {
  const detail = fate
  switch (fate) {
    case 'answered':
      return { outcome: fate, status: 200, answer: 'an account' }
    case 'not_sent':
      return { outcome: fate, code: 'provider_unavailable', detail }
    case 'lost':
    case 'token_rejected':
      return { outcome: fate, detail }
  }
}

export type Fate =
  | 'succeeded'
  | 'declined'
  | 'needs deposit'
  | 'applied, unheard'
  | 'unheard'
  | 'not sent'
  | 'token rejected'
export const FATES: readonly Fate[] = [
  'succeeded',
  'declined',
  'needs deposit',
  'applied, unheard',
  'unheard',
  'not sent',
  'token rejected',
]

export function outcomeOf(fate: Fate): CancelOutcome {
  const detail = fate
  switch (fate) {
    case 'succeeded':
      return { outcome: 'succeeded', provider: ANSWER, refundedAt: null, cancelledAmount: null }
    case 'declined':
      return { outcome: 'failed', code: 'provider_declined', detail, provider: ANSWER }
    case 'needs deposit':
      return { outcome: 'failed', code: 'deposit_required', detail, provider: ANSWER }
    case 'applied, unheard':
    case 'unheard':
      return { outcome: 'unknown', detail, provider: null }
    case 'not sent':
      return { outcome: 'not_sent', code: 'provider_unavailable', detail }
    case 'token rejected':
      return { outcome: 'token_rejected', detail }
  }
}

/** Starts something that a replica does; it goes as far as its first command. */
function startActor(
  model: Model,
  real: Real,
  work: (actor: Actor, store: RefundStore) => Promise<void>,
): Actor {
  const attempts = new Set<string>()
  const client = createSteppedClient((command) => {
    if (command.name === 'beginRefund') attempts.add(command.args[2 + WISHED + 1] as string)
    if (command.name === 'awaitDeposit') attempts.add(command.args[2 + WISHED + 1] as string)
    return execute(model, real, command)
  })
  const actor: Actor = { client, call: null, depositCall: null, attempts, relays: [], isDone: false }
  real.actors.push(actor)
  work(
    actor,
    createStore(client.redis, () => model.nowMs),
  )
    .catch((error: Error) => {
      if (error.name !== 'StoreError') real.violations.push(error.message)
    })
    .finally(() => {
      actor.isDone = true
    })
  return actor
}

const ACCOUNTS = new Map([
  [
    MERCHANT_ACCOUNT.name,
    { ...MERCHANT_ACCOUNT, pg: 'kiwoom' as const, leaseMs: LEASE_MS, spacingMs: SPACING_MS },
  ],
])

/** What goes on when nobody waits; an actor ends with it. */
function createBackground(): { background: BackgroundWork; postponed: Promise<void>[] } {
  const postponed: Promise<void>[] = []
  const background: BackgroundWork = {
    untilDone(work) {
      const tryAgain = (): Promise<void> => work().then(() => {}, tryAgain)
      postponed.push(tryAgain())
    },
    seeThrough: async (work) => work,
    pending: () => 0,
    isFull: () => false,
    drain: async () => 0,
  }
  return { background, postponed }
}

export function startDeposit(model: Model, real: Real, key: number): Actor {
  return startActor(model, real, async (actor, store) => {
    const { background, postponed } = createBackground()
    const id = IDS[key] as string
    const answer = await requestDeposit(
      {
        store,
        notifications: createKeptNotifications(actor.client.redis, () => model.nowMs),
        provider: createProvider(model, real, actor, id, false),
        accounts: ACCOUNTS,
        duplicateWindowMs: DUPLICATE_WINDOW_MS,
        clock: () => model.nowMs,
        observer: NOTHING_OBSERVED,
        background,
      },
      { id, by: 'operator', areCallersKnown: true, caller: 'operator' },
    )
    await Promise.all(postponed)
    const own = model.askings.filter(({ token, hasLeft }) => hasLeft && actor.attempts.has(token))
    if (answer.answer !== 'awaiting' && own.length > 0) {
      real.violations.push(`a deposit of ${id} was answered ${answer.answer}, and had been asked for`)
    }
    const held = [...model.payments.values()].flatMap(({ refunds }) => refunds.get(id) ?? [])
    const isLeft = held.some(
      ({ status, asking }) => status === 'awaiting_deposit' && actor.attempts.has(asking ?? ''),
    )
    if (isLeft && own.length === 0) real.violations.push(`${id} awaits a deposit that nobody has asked for`)
  })
}

export function startRequest(model: Model, real: Real, key: number, payload: number): Actor {
  return startActor(model, real, async (actor, store) => {
    const { background, postponed } = createBackground()
    const parts = {
      store,
      provider: createProvider(model, real, actor, IDS[key] as string, false),
      accounts: ACCOUNTS,
      duplicateWindowMs: DUPLICATE_WINDOW_MS,
      // Replicas meet in Redis alone.
      turns: createPaymentTurns(),
      storeSecrets: [Buffer.alloc(32)],
      clock: () => model.nowMs,
      observer: NOTHING_OBSERVED,
      background,
    }
    const command = {
      caller: CALLER,
      idempotencyKey: KEYS[key] as string,
      body: PAYLOADS[payload] as RefundRequest,
      // Who finds its payment busy waits for no clock: another request is what asks again.
      hungUp: () => AbortSignal.abort(),
    }
    const answer = await requestRefund(parts, command)
    if (answer.answer === 'refused' && actor.relays.some(({ hasLeft }) => hasLeft)) {
      real.violations.push(`a request was refused as ${answer.refusal.code}, and had been sent`)
    }
    await Promise.all(postponed)
    real.violations.push(...leftOpen(model, actor))
  })
}

/** What a request that came to its end must not leave: an outcome that nobody stored, or money reserved for nothing. */
function leftOpen({ payments }: Model, { attempts, relays }: Actor): string[] {
  const wasSent = relays.some(({ hasLeft }) => hasLeft)
  const own = [...payments.values()].flatMap(({ refunds }) =>
    [...refunds.values()].filter(({ attempt }) => attempts.has(attempt)),
  )
  return own
    .filter(({ status }) => status === 'processing' || (status === 'unknown' && !wasSent))
    .map(
      ({ id, status }) =>
        `${id} is left ${status} by the request that ${wasSent ? 'sent' : 'did not send'} it`,
    )
}

export function startSweep(model: Model, real: Real, isLookupDown: boolean): Actor {
  return startActor(model, real, async (actor, store) => {
    const provider = createProvider(model, real, actor, '', isLookupDown)
    const notifications = createKeptNotifications(actor.client.redis)
    const observer = NOTHING_OBSERVED
    const reconciler = startReconciler({ store, provider, observer, notifications, intervalMs: 15_000 })
    real.stop.push(reconciler.stop)
    await reconciler.sweep()
  })
}

/** A person books what was refunded outside, or takes it back. */
export function startBooking(model: Model, real: Real, key: number, booking: number): Actor {
  const { tid, amount } = BOOKINGS[booking] as (typeof BOOKINGS)[number]
  return startActor(model, real, async ({ client }) => {
    const outside = createOutsideRefunds(
      client.redis,
      storeOptions(() => model.nowMs),
    )
    const observed = { booked: () => {} }
    const command = {
      ...{ caller: CALLER, idempotencyKey: BOOKING_KEYS[key] as string, account: MERCHANT_ACCOUNT, tid },
      body: { amount, note: 'note' },
    }
    const parts = { outside, storeSecrets: [Buffer.alloc(32)], outsideObserver: observed }
    const answer = await bookOutside(parts, command)
    if (answer.answer !== 'booked') return
    const held = model.payments.get(tid)?.outside.get(BOOKING_IDS[key] as string)
    if (held?.booked !== amount || answer.booking.amount !== amount) {
      real.violations.push(`${BOOKING_KEYS[key]} was answered as booked, and is not`)
    }
  })
}

/** The provider tells of what it has done. */
export function startNotification(
  model: Model,
  real: Real,
  { tid, amount, type, date }: Cancelled,
  isDated: boolean,
): Actor {
  const told = isDated ? { date, cancelledAt: date } : { date: null, cancelledAt: null }
  const notification = { type, tid, accountId: null, amount, ...told }
  return startActor(model, real, async ({ client }, store) => {
    const notifications = createKeptNotifications(client.redis, () => model.nowMs)
    const answer = await receiveNotification(
      {
        ...{ store, notifications, accounts: ACCOUNTS, observer: NOTHING_OBSERVED },
        notificationObserver: { received: () => {} },
        read: () => ({ reading: 'cancel', notification }),
      },
      { body: Buffer.alloc(0), contentType: undefined },
    )
    const name = isDated ? date : ''
    const field = `${type} ${amount} ${tid} ${name}`
    const isKept = await real.redis.hexists(keys.notifications(MERCHANT, tid), field)
    if (answer.answer !== 'received' || isKept === 0)
      real.violations.push(`${field} was received, and is not kept`)
  })
}

export function startResolution(
  model: Model,
  real: Real,
  key: number,
  outcome: 'succeeded' | 'failed',
): Actor {
  return startActor(model, real, async (actor, store) => {
    const id = IDS[key] as string
    const provider = createProvider(model, real, actor, id, false)
    const command = {
      id,
      outcome,
      note: 'note',
      provider: undefined,
      by: 'operator',
      areCallersKnown: true,
    }
    await resolveRefund({ store, provider, observer: NOTHING_OBSERVED, resolveFailedAfterMs: 0 }, command)
  })
}

const AT_ONCE = new Set(['readDue', 'takeDue'])

/** The shards of the index are asked for what is due all at once, and none of them knows of another. */
export async function advance({ client }: Actor): Promise<void> {
  const steps = []
  do steps.push(client.step())
  while (AT_ONCE.has(client.next()?.name ?? ''))
  await Promise.all(steps)
  await flowsToRun()
}

export async function sweepToTheEnd(model: Model, real: Real, isLookupDown: boolean): Promise<void> {
  const sweep = startSweep(model, real, isLookupDown)
  while (sweep.client.next() !== undefined) await advance(sweep)
}

/** Everything that Redis holds becomes older, which leaves the scripts and their clock as they are. */
const GROW_OLDER = `
local by = tonumber(ARGV[1])
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, left - by) end
  local kind = redis.call('TYPE', key).ok
  if kind == 'zset' then
    local are_times = string.sub(key, 1, 8) ~= 'unknown:' and string.sub(key, 1, 9) ~= 'awaiting:'
    local unit = string.sub(key, 1, 11) == 'journalled:' and 64 or 1
    for _, member in ipairs(are_times and redis.call('ZRANGE', key, 0, -1) or {}) do redis.call('ZINCRBY', key, -by * unit, member) end
  elseif kind == 'hash' then
    for _, field in ipairs(redis.call('HKEYS', key)) do
      local words, lease, created, updated, rest =
        string.match(redis.call('HGET', key, field), '^([%l_]+ %S+ %S+ %d+ %d+ %d+ )(%d+)( %d+ )(%d+)( .*)$')
      if string.sub(field, 1, 3) == 'rf_' then
        lease, updated = string.format('%.0f', math.max(0, lease - by)), string.format('%.0f', updated - by)
        rest = string.gsub(rest, '(\\ndeposit %S+ {"at":)(%d+)', function(head, at)
          return head .. string.format('%.0f', at - by)
        end)
        redis.call('HSET', key, field, words .. lease .. created .. updated .. rest)
      end
    end
  end
end`

/** Time passes for whoever is under way, as if its process had been paused. */
export async function passTime(model: Model, real: Real, ms: number): Promise<void> {
  // No connection holds a command back for longer than a lease, and none overtakes what was sent before it.
  for (const actor of real.actors) await actor.client.arrive()
  for (const stray of real.strays.splice(0).flat()) await execute(model, real, stray)
  await real.redis.eval(GROW_OLDER, 0, ms)
  model.nowMs += ms
}
