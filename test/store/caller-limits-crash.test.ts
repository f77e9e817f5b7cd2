import { setImmediate as flowsToRun } from 'node:timers/promises'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import t from 'tap'
import { createPaymentTurns } from '../../src/refunds/flows/payment-turns.ts'
import { requestRefund } from '../../src/refunds/flows/request-refund.ts'
import { resolveRefund } from '../../src/refunds/flows/resolve-refund.ts'
import type { RefundObserver } from '../../src/refunds/ports/observer.ts'
import type { CancelOutcome, Provider } from '../../src/refunds/ports/provider.ts'
import { refundId } from '../../src/refunds/refund-id.ts'
import type { RefundRequest } from '../../src/refunds/refund-request.ts'
import { createCallerAllowances } from '../../src/store/caller-limits.ts'
import { defineScripts, type ScriptedClient } from '../../src/store/lua/scripts.ts'
import { createRefundStore } from '../../src/store/refund-store.ts'
import { FATES, type Fate, outcomeOf } from '../support/crash-world.ts'
import { MERCHANT, MERCHANT_ACCOUNT } from '../support/merchant.ts'
import { startTestRedis } from '../support/redis.ts'
import { createSteppedClient, type SentCommand, type SteppedClient } from '../support/stepped-client.ts'

// The real flow, store and scripts on a real Redis, over several replicas that take one command at a time and die
// between any two. Whatever happens, what stands is within the limits and is counted; what is counted and does not
// stand is a crash's doing.

const CALLER = 'orders'
const LIMITS = { max_amount: 900, max_amount_per_day: 2_000, max_refunds_per_day: 4 }
const AT = Date.now()
const LEASE_MS = 600_000

/** What is paid and asked of the payment of each key; the sum is far above the limits. */
const ASKED: readonly (readonly [paid: number, amount: number | undefined])[] = [
  [600, undefined],
  [600, 500],
  [900, undefined],
  [900, 100],
  [800, 800],
  [950, undefined],
  [300, 300],
]
const KEYS = ASKED.map((_, index) => `key-${index}`)
const IDS = KEYS.map((key) => refundId(CALLER, key))
const bodyOf = (key: number): RefundRequest => {
  const [paid, amount] = ASKED[key] as (typeof ASKED)[number]
  const body = {
    tid: `tid-${key}`,
    reason: 'reason',
    payment: { method: 'card_auth', amount: paid },
  } as const
  return amount === undefined ? body : { ...body, amount }
}

type Actor = { client: SteppedClient; answer: ((outcome: CancelOutcome) => void) | null; isDone: boolean }
type Real = {
  redis: ScriptedClient
  actors: Actor[]
  /** What a broken connection still carries, and may yet deliver. */
  strays: SentCommand[]
  /** Whether anything died or broke, so that more may be counted than stands. */
  hasCrashed: boolean
  /** Whether a late answer has disputed a refund that was called failed: no limit holds its money back. */
  isDisputed: boolean
}

function partsOf(redis: ScriptedClient) {
  const writes = {
    durability: () => ({ state: 'durable', needsFileSync: false }) as const,
    requireDurability: true,
    barrier: async () => true,
  }
  const allowances = createCallerAllowances(redis, {
    ...writes,
    now: () => AT,
    limits: () => new Map([[CALLER, LIMITS]]),
  })
  const store = createRefundStore(redis, {
    ...writes,
    allowances,
    now: () => AT,
    clock: () => 0,
    longestLeaseMs: () => LEASE_MS,
    idempotencyRetentionMs: 24 * 3_600_000,
    ledgerRetentionMs: 400 * 86_400_000,
    journalRetentionMs: 400 * 86_400_000,
  })
  return { store, allowances }
}

const observer = new Proxy({} as RefundObserver, { get: () => () => {} })

function providerOf(actor: Actor): Provider {
  const cancel = () =>
    new Promise<CancelOutcome>((answer) => {
      actor.answer = answer
    })
  return {
    authorize: async () => ({ outcome: 'authorized', token: 'token' }),
    renew: async () => ({ outcome: 'authorized', token: 'fresh' }),
    admit: async () => ({ outcome: 'admitted', cancel, leave: () => {} }),
    lookUp: async () => ({ outcome: 'inconclusive', detail: 'not seen' }),
    readAnswer: () => ({ refundedAt: null, cancelledAmount: null }),
  } as unknown as Provider
}

const execute = (redis: ScriptedClient, { name, args }: SentCommand): Promise<unknown> =>
  (redis as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[name]?.(
    ...args,
  ) as Promise<unknown>

/** A request at a replica of its own; it goes as far as its first command. */
function startRequest(real: Real, key: number): void {
  const client = createSteppedClient((command) => execute(real.redis, command))
  const actor: Actor = { client, answer: null, isDone: false }
  real.actors.push(actor)
  const postponed: Promise<unknown>[] = []
  const untilDone = (work: () => Promise<unknown>) => {
    const tryAgain = (): Promise<unknown> => work().catch(tryAgain)
    postponed.push(tryAgain())
  }
  const parts = {
    ...partsOf(client.redis),
    provider: providerOf(actor),
    accounts: new Map([[MERCHANT_ACCOUNT.name, { ...MERCHANT_ACCOUNT, leaseMs: LEASE_MS }]]),
    storeSecrets: [Buffer.alloc(32)],
    duplicateWindowMs: 0,
    turns: createPaymentTurns(),
    clock: () => 0,
    observer,
    background: {
      untilDone,
      seeThrough: async <Result>(work: Promise<Result>) => work,
      pending: () => 0,
      isFull: () => false,
      drain: async () => 0,
    },
  } as unknown as Parameters<typeof requestRefund>[0]
  void requestRefund(parts, { caller: CALLER, idempotencyKey: KEYS[key] as string, body: bodyOf(key) })
    .then(() => Promise.all(postponed))
    .finally(() => {
      actor.isDone = true
    })
}

/** The shards of the index are asked all at once, and none of them knows of another. */
async function advance({ client }: Actor): Promise<void> {
  const steps = []
  do steps.push(client.step())
  while (client.next()?.name === 'readDue')
  await Promise.all(steps)
  await flowsToRun()
}

/** What stands of the caller's refunds, and what is counted, by those who read both. */
async function look(real: Real) {
  const { store, allowances } = partsOf(real.redis)
  const found = await Promise.all(
    IDS.map((id, key) => store.findByClaim({ id, merchant: MERCHANT, tid: `tid-${key}` })),
  )
  const standing = found.flatMap((stored) => {
    if (stored === null) return []
    const { status, amount, disputed } = stored.refund
    if (disputed) real.isDisputed = true
    return status !== 'failed' || disputed ? [amount] : []
  })
  const counted = await allowances.used({ caller: CALLER, requestedAt: AT })
  return { found, counted, amount: standing.reduce((sum, one) => sum + one, 0), refunds: standing.length }
}

async function assertHolds(real: Real): Promise<void> {
  const { counted, amount, refunds } = await look(real)
  const told = JSON.stringify({ amount, refunds, counted })
  // What was called failed, and was made after all, counts again in the command after the one that says so.
  const isCatchingUp = real.isDisputed && real.actors.some(({ isDone }) => !isDone)
  if (!isCatchingUp && (amount > counted.amount || refunds > counted.refunds))
    throw new Error(`more stands than counts: ${told}`)
  if (real.isDisputed) return
  if (counted.amount > LIMITS.max_amount_per_day) throw new Error(`beyond the amount of a day: ${told}`)
  if (counted.refunds > LIMITS.max_refunds_per_day) throw new Error(`beyond the refunds of a day: ${told}`)
}

async function resolve(real: Real, key: number, outcome: 'succeeded' | 'failed'): Promise<void> {
  const { store } = partsOf(real.redis)
  const command = { id: IDS[key] as string, outcome, note: 'note', provider: undefined, by: 'operator' }
  await resolveRefund(
    // The time by which it is asked for stands still, so that no run meets midnight; that of Redis does not.
    {
      store: { ...store, now: () => Date.now() + 1_000 },
      provider: providerOf({} as Actor),
      observer,
      resolveFailedAfterMs: 0,
    },
    { ...command, areCallersKnown: true },
  )
}

/** Leases are over, of whoever has them. */
const END_LEASES = `
for _, key in ipairs(redis.call('KEYS', 'payment:*')) do
  for _, field in ipairs(redis.call('HKEYS', key)) do
    local words, rest = string.match(redis.call('HGET', key, field), '^(processing %S+ %S+ %d+ %d+ %d+ )%d+( .*)$')
    if string.sub(field, 1, 3) == 'rf_' and words then redis.call('HSET', key, field, words .. '1' .. rest) end
  end
end`

type Model = { actors: number; atStore: number; atProvider: number; strays: number }
type Step = fc.AsyncCommand<Model, Real>

const atStore = ({ actors }: Real) => actors.filter(({ client }) => client.next() !== undefined)
const atProvider = ({ actors }: Real) => actors.filter(({ answer }) => answer !== null)
const pick = <Item>(items: readonly Item[], who: number): Item => items[who % items.length] as Item

function step(name: string, isPossible: (model: Model) => boolean, run: (real: Real) => Promise<void>): Step {
  return {
    check: isPossible,
    async run(model, real) {
      await run(real)
      await flowsToRun()
      real.actors = real.actors.filter(({ isDone, client }) => !isDone || client.next() !== undefined)
      model.actors = real.actors.length
      model.atStore = atStore(real).length
      model.atProvider = atProvider(real).length
      model.strays = real.strays.length
      await assertHolds(real)
    },
    toString: () => name,
  }
}

const request = (key: number) =>
  step(
    `request ${KEYS[key]}`,
    ({ actors }) => actors < 5,
    async (real) => startRequest(real, key),
  )

const proceed = (who: number, commands: number) =>
  step(
    `actor ${who} proceeds by ${commands}`,
    (model) => model.atStore > 0,
    async (real) => {
      const actor = pick(atStore(real), who)
      for (let count = 0; count < commands && actor.client.next() !== undefined; count++) {
        await advance(actor)
        await assertHolds(real)
      }
    },
  )

/** As a client may whose connection was moved or lost: the first sending was done. */
const sendTwice = (who: number) =>
  step(
    `a command of actor ${who} is sent twice`,
    (model) => model.atStore > 0,
    async (real) => {
      const actor = pick(atStore(real), who)
      await execute(real.redis, actor.client.next() as SentCommand)
      await advance(actor)
    },
  )

const breakOff = (who: number, done: number) =>
  step(
    `the connection of actor ${who} breaks after ${done}`,
    (model) => model.atStore > 0,
    async (real) => {
      real.hasCrashed = true
      real.strays.push(...(await pick(atStore(real), who).client.breakOff(done)))
    },
  )

const die = (who: number, done: number) =>
  step(
    `actor ${who} dies after ${done}`,
    ({ actors }) => actors > 0,
    async (real) => {
      real.hasCrashed = true
      const actor = pick(real.actors, who)
      real.actors = real.actors.filter((other) => other !== actor)
      real.strays.push(...(await actor.client.kill(done)))
    },
  )

const strayArrives = () =>
  step(
    'a stray arrives',
    (model) => model.strays > 0,
    async (real) => {
      await execute(real.redis, real.strays.shift() as SentCommand)
    },
  )

const answer = (who: number, fate: Fate) =>
  step(
    `the provider's answer to call ${who}: ${fate}`,
    (model) => model.atProvider > 0,
    async (real) => {
      const actor = pick(atProvider(real), who)
      const { answer } = actor
      actor.answer = null
      answer?.(outcomeOf(fate))
    },
  )

const person = (key: number, outcome: 'succeeded' | 'failed') =>
  step(
    `a person says of ${KEYS[key]}: ${outcome}`,
    () => true,
    (real) => resolve(real, key, outcome),
  )

const leasesEnd = () =>
  step(
    'leases end',
    () => true,
    async (real) => {
      await real.redis.eval(END_LEASES, 0)
    },
  )

const who = fc.nat(4)
const key = fc.nat(KEYS.length - 1)
const ANY_STEP = fc.oneof(
  { weight: 8, arbitrary: key.map(request) },
  { weight: 24, arbitrary: fc.tuple(who, fc.constantFrom(1, 2, 4)).map((of) => proceed(...of)) },
  { weight: 8, arbitrary: fc.tuple(who, fc.constantFrom(...FATES)).map((of) => answer(...of)) },
  { weight: 2, arbitrary: who.map(sendTwice) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(key, fc.constantFrom('succeeded' as const, 'failed' as const))
      .map((of) => person(...of)),
  },
  { weight: 1, arbitrary: fc.constant(null).map(leasesEnd) },
)
const ANY_CRASH = fc.oneof(
  { weight: 1, arbitrary: fc.tuple(who, fc.nat(2)).map((of) => breakOff(...of)) },
  { weight: 1, arbitrary: fc.tuple(who, fc.nat(2)).map((of) => die(...of)) },
  { weight: 1, arbitrary: fc.constant(null).map(strayArrives) },
)

/** Whoever is under way comes to its end, and a person settles what is left. */
async function settleDown(real: Real): Promise<void> {
  while (real.actors.length > 0) {
    for (const actor of real.actors) {
      while (actor.client.next() !== undefined) await advance(actor)
      actor.answer?.(outcomeOf('declined'))
      actor.answer = null
      await flowsToRun()
    }
    real.actors = real.actors.filter(({ isDone, client }) => !isDone || client.next() !== undefined)
    await assertHolds(real)
  }
  for (const stray of real.strays.splice(0)) await execute(real.redis, stray)
  await real.redis.eval(END_LEASES, 0)
  for (const [index] of KEYS.entries()) await resolve(real, index, index % 2 === 0 ? 'failed' : 'succeeded')
  await assertHolds(real)
  const { counted, amount, refunds, found } = await look(real)
  const open = found.filter((stored) => stored?.refund.status === 'unknown' || stored?.refund.disputed)
  if (open.length > 0) throw new Error('a person has settled everything')
  const told = JSON.stringify({ amount, refunds, counted })
  if (!real.hasCrashed && (counted.amount !== amount || counted.refunds !== refunds)) {
    throw new Error(`nothing has crashed, and another sum is counted than stands: ${told}`)
  }
}

for (const withCrashes of [true, false]) {
  const name = withCrashes
    ? 'no caller exceeds a limit, whatever crashes between any two commands'
    : 'without a crash, what counts is what stands'
  t.test(name, async (t) => {
    const server = await startTestRedis(t, ['--appendonly', 'no'])
    const client = new Redis({ path: server.socketPath, enableAutoPipelining: true })
    t.teardown(() => client.disconnect())
    const redis = defineScripts(client)
    const play = async (steps: Iterable<Step>) => {
      await client.flushall()
      const real: Real = { redis, actors: [], strays: [], hasCrashed: false, isDisputed: false }
      const model = { actors: 0, atStore: 0, atProvider: 0, strays: 0 }
      await fc.asyncModelRun(() => ({ model, real }), steps)
      await settleDown(real)
    }
    const steps = withCrashes
      ? [fc.oneof({ weight: 10, arbitrary: ANY_STEP }, { weight: 1, arbitrary: ANY_CRASH })]
      : [ANY_STEP]
    await fc.assert(fc.asyncProperty(fc.commands(steps, { maxCommands: 150, size: 'max' }), play), {
      numRuns: 80,
      unbiased: true,
    })
    t.pass()
  })
}
