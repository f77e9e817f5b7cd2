import { setImmediate as flowsToRun } from 'node:timers/promises'
import type { MonotonicClock } from '../../src/refunds/clock.ts'
import { createPaymentTurns } from '../../src/refunds/flows/payment-turns.ts'
import type { BackgroundWork } from '../../src/refunds/flows/pending-writes.ts'
import { requestRefund } from '../../src/refunds/flows/request-refund.ts'
import { resolveRefund } from '../../src/refunds/flows/resolve-refund.ts'
import { startReconciler } from '../../src/refunds/jobs/settle-unknown.ts'
import type { RefundObserver } from '../../src/refunds/ports/observer.ts'
import type { CancelCall, CancelOutcome, Provider } from '../../src/refunds/ports/provider.ts'
import type { RefundStore } from '../../src/refunds/ports/store.ts'
import { refundId } from '../../src/refunds/refund-id.ts'
import type { RefundRequest } from '../../src/refunds/refund-request.ts'
import type { ScriptedClient } from '../../src/store/lua/scripts.ts'
import { createRefundStore } from '../../src/store/refund-store.ts'
import {
  emptyPayment,
  type ModelPayment,
  modelBegin,
  modelRead,
  modelRelease,
  modelSettle,
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

export const LEASE_MS = 60_000
/** Shorter than the pauses of the reconciler, so that a key that expires too early does so within a run. */
export const KEY_RETENTION_MS = 5 * 3_600_000

export const PAYLOADS: readonly RefundRequest[] = TIDS.flatMap((tid) => [
  { tid, reason: 'reason', payment: { method: 'card_auth', amount: PAID } },
  { tid, reason: 'reason', payment: { method: 'card_auth', amount: PAID }, amount: 600 },
])

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

/** What the payments must be, and what has happened outside of Redis. */
export type Model = {
  nowMs: number
  payments: Map<string, ModelPayment>
  relays: Relay[]
  /** Ids that an operator has resolved as failed, whether that was right or not. */
  resolvedAsFailed: Set<string>
  /** How many of each there are after a step, which only the real flows know. */
  actors: number
  atStore: number
  atProvider: number
  strays: number
  unheard: number
}

export type Actor = {
  client: SteppedClient
  call: { relay: Relay; answer(outcome: CancelOutcome): void } | null
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
    resolvedAsFailed: new Set(),
    actors: 0,
    atStore: 0,
    atProvider: 0,
    strays: 0,
    unheard: 0,
  }
}

export function createStore(redis: ScriptedClient, clock: MonotonicClock = () => 0): RefundStore {
  return createRefundStore(redis, {
    now: () => Date.now(),
    clock,
    longestLeaseMs: () => LEASE_MS,
    idempotencyRetentionMs: KEY_RETENTION_MS,
    ledgerRetentionMs: 400 * 86_400_000,
    durability: () => ({ state: 'durable', needsFileSync: false }),
    requireDurability: true,
    barrier: async () => true,
  })
}

/** Does a command on the real Redis and, where it is a script on a payment, on the model: both must answer the same. */
export async function execute(model: Model, real: Real, { name, args }: SentCommand): Promise<unknown> {
  const commands = real.redis as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  const reply = await (commands[name] as (...args: unknown[]) => Promise<unknown>)(...args)
  const expected = expectedReply(model, name, args.map(String))
  const actual = Array.isArray(reply) ? reply[0] : reply
  if (expected !== undefined && actual !== expected) throw new Error(`${name}: ${actual}, not ${expected}`)
  return reply
}

/** The first word of a script's reply, by the keys and arguments that stand at its head. */
function expectedReply(model: Model, name: string, args: readonly string[]): string | undefined {
  const [paymentKey = ''] = args
  const payment = model.payments.get(paymentKey.slice(`payment:{${MERCHANT}:`.length, -1)) as ModelPayment
  const { nowMs } = model
  switch (name) {
    case 'beginRefund': {
      const [, claimToken = '', id = '', attempt = '', leaseMs, markMs, , paid, , amount, , ...others] = args
      const [partialAllowed, , , isRenewal] = others
      const request = {
        id,
        attempt,
        claimToken,
        payment: { method: 'card_auth', amount: Number(paid) },
        amount: amount === '' ? undefined : Number(amount),
        taxFreeAmount: undefined,
        partialAllowed: partialAllowed === '1',
        isRenewal: isRenewal === '1',
      } as const
      return modelBegin(payment, request, { nowMs, leaseMs: Number(leaseMs), markMs: Number(markMs) })
    }
    case 'settleRefund': {
      const [, id = '', attempt = '', status, booked, , source, text = '', , settles] = args
      const bookedAmount = booked === '' ? null : Number(booked)
      const settlement = { status, source, bookedAmount, text, settles } as Parameters<typeof modelSettle>[2]
      const result = modelSettle(payment, { id, attempt }, settlement, nowMs)
      if (result === 'settled' && source === 'operator' && status === 'failed') model.resolvedAsFailed.add(id)
      return result
    }
    case 'releaseRefund': {
      const [, claimToken = '', id = '', attempt = '', markMs] = args
      return modelRelease(payment, { id, attempt, claimToken }, { nowMs, markMs: Number(markMs) })
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
    lookUp: async ({ tid }) =>
      !isLookupDown && model.relays.some((relay) => relay.tid === tid && relay.isFull && relay.isApplied)
        ? { outcome: 'cancelled', refundedAt: new Date().toISOString() }
        : { outcome: 'inconclusive', detail: 'not seen' },
    readAnswer: () => ({ refundedAt: null, cancelledAmount: null }),
  }
}

export type Fate = 'succeeded' | 'declined' | 'applied, unheard' | 'unheard' | 'not sent' | 'token rejected'
export const FATES: readonly Fate[] = [
  'succeeded',
  'declined',
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
    if (command.name === 'beginRefund') attempts.add(command.args[3] as string)
    return execute(model, real, command)
  })
  const actor: Actor = { client, call: null, attempts, relays: [], isDone: false }
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

export function startRequest(model: Model, real: Real, key: number, payload: number): Actor {
  return startActor(model, real, async (actor, store) => {
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
    const parts = {
      store,
      provider: createProvider(model, real, actor, IDS[key] as string, false),
      accounts: new Map([[MERCHANT_ACCOUNT.name, { ...MERCHANT_ACCOUNT, leaseMs: LEASE_MS }]]),
      storeSecrets: [Buffer.alloc(32)],
      duplicateWindowMs: 0,
      turns: createPaymentTurns(),
      clock: () => model.nowMs,
      observer: NOTHING_OBSERVED,
      background,
    }
    const command = {
      caller: CALLER,
      idempotencyKey: KEYS[key] as string,
      body: PAYLOADS[payload] as RefundRequest,
      // The clock is the model's: who finds the payment busy does not wait for it.
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
    const reconciler = startReconciler({ store, provider, observer: NOTHING_OBSERVED, intervalMs: 15_000 })
    real.stop.push(reconciler.stop)
    await reconciler.sweep()
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
    local are_times = string.sub(key, 1, 8) ~= 'unknown:'
    for _, member in ipairs(are_times and redis.call('ZRANGE', key, 0, -1) or {}) do redis.call('ZINCRBY', key, -by, member) end
  elseif kind == 'hash' then
    for _, field in ipairs(redis.call('HKEYS', key)) do
      local words, lease, rest = string.match(redis.call('HGET', key, field), '^(%l+ %S+ %S+ %d+ %d+ %d+ )(%d+)( .*)$')
      if string.sub(field, 1, 3) == 'rf_' then
        redis.call('HSET', key, field, words .. string.format('%.0f', math.max(0, lease - by)) .. rest)
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
