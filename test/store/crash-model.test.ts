import { setImmediate as flowsToRun } from 'node:timers/promises'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { CLAIM_TRUST_MS } from '../../src/refunds/lease.ts'
import { defineScripts } from '../../src/store/lua/scripts.ts'
import { assertAtRest, assertHeard, assertHolds } from '../support/crash-promises.ts'
import {
  type Actor,
  type Asking,
  advance,
  apply,
  BOOKING_KEYS,
  BOOKINGS,
  createStore,
  DEPOSIT_FATES,
  type DepositFate,
  depositOutcomeOf,
  execute,
  FATES,
  type Fate,
  KEY_RETENTION_MS,
  KEYS,
  LEASE_MS,
  type Model,
  newModel,
  outcomeOf,
  passTime,
  type Real,
  type Relay,
  startBooking,
  startDeposit,
  startNotification,
  startRequest,
  startResolution,
  startSweep,
  sweepToTheEnd,
} from '../support/crash-world.ts'
import { startTestRedis } from '../support/redis.ts'
import type { SentCommand } from '../support/stepped-client.ts'

const MOST_ACTORS = 4

const LEASE_PASSES_MS = LEASE_MS + 1_000
const TRUST_PASSES_MS = CLAIM_TRUST_MS + 60_000
const LONG_MS = 0.4 * KEY_RETENTION_MS
/** After as long as this some replica has swept: what no replica ever looks at is nobody's promise. */
const SWEPT_WITHIN_MS = TRUST_PASSES_MS

type Step = fc.AsyncCommand<Model, Real>

/** One step of a sequence: `isPossible` by what the flows wait for. The promises are checked after it. */
function step(
  name: string,
  isPossible: (model: Model) => boolean,
  run: (model: Model, real: Real) => Promise<unknown>,
): Step {
  return {
    check: isPossible,
    async run(model, real) {
      await run(model, real)
      await flowsToRun()
      real.actors = real.actors.filter(({ isDone, client }) => !isDone || client.next() !== undefined)
      model.actors = real.actors.length
      model.atStore = atStore(real).length
      model.atProvider = real.actors.filter(({ call }) => call !== null).length
      model.atDeposit = real.actors.filter(({ depositCall }) => depositCall !== null).length
      model.payable = payableOf(model).length
      model.tellable = model.cancels.length
      model.strays = real.strays.length
      model.unheard = pendingAtProvider(model, real).length
      await assertHolds(model, real)
    },
    toString: () => name,
  }
}

const atStore = ({ actors }: Real) => actors.filter(({ client }) => client.next() !== undefined)

/** Small numbers stand for one of several; which, depends on how many there are. */
function pick<Item>(items: readonly Item[], who: number): Item {
  return items[who % items.length] as Item
}

const request = (key: number, payload: number) =>
  step(
    `request ${KEYS[key]} with payload ${payload}`,
    ({ actors }) => actors < MOST_ACTORS,
    async (model, real) => startRequest(model, real, key, payload),
  )

const sweep = (isLookupDown: boolean) =>
  step(
    isLookupDown ? 'sweep, without lookups' : 'sweep',
    ({ actors }) => actors < MOST_ACTORS,
    async (model, real) => startSweep(model, real, isLookupDown),
  )

const resolve = (key: number, outcome: 'succeeded' | 'failed') =>
  step(
    `resolve ${KEYS[key]} as ${outcome}`,
    ({ actors }) => actors < MOST_ACTORS,
    async (model, real) => startResolution(model, real, key, outcome),
  )

const askForDeposit = (key: number) =>
  step(
    `ask for the deposit of ${KEYS[key]}`,
    ({ actors }) => actors < MOST_ACTORS,
    async (model, real) => startDeposit(model, real, key),
  )

const answerDeposit = (who: number, fate: DepositFate) =>
  step(
    `the provider's answer to asking ${who}: ${fate}`,
    (model) => model.atDeposit > 0,
    async (_, real) => {
      const actor = pick(
        real.actors.filter(({ depositCall }) => depositCall !== null),
        who,
      )
      const { asking, answer } = actor.depositCall as NonNullable<Actor['depositCall']>
      actor.depositCall = null
      // What was paid into was opened by a call that was sent.
      const known = asking.isPaid && (fate === 'not_sent' || fate === 'token_rejected') ? 'lost' : fate
      if (known === 'not_sent' || known === 'token_rejected') asking.hasLeft = false
      answer(depositOutcomeOf(known))
    },
  )

/** The last deposits of refunds that await one, which the merchant was told of and has not paid. */
function payableOf({ askings, payments }: Model): Asking[] {
  return askings.filter(({ id, tid, token, hasLeft, isPaid }) => {
    const refund = payments.get(tid)?.refunds.get(id)
    return hasLeft && !isPaid && refund?.status === 'awaiting_deposit' && refund.asking === token
  })
}

const payDeposit = (which: number) =>
  step(
    `deposit ${which} is paid`,
    (model) => model.payable > 0,
    async (model) => {
      const asking = pick(payableOf(model), which)
      // Whoever is told of an account that may not have been opened pays once.
      if (!model.askings.some(({ id, isPaid }) => id === asking.id && isPaid)) apply(model, asking)
    },
  )

const book = (key: number, booking: number) =>
  step(
    `${BOOKING_KEYS[key]} books ${BOOKINGS[booking]?.amount} of ${BOOKINGS[booking]?.tid}`,
    ({ actors }) => actors < MOST_ACTORS,
    async (model, real) => startBooking(model, real, key, booking),
  )

const notify = (which: number, isDated: boolean) =>
  step(
    `the provider tells of cancel ${which}${isDated ? '' : ', without its date'}`,
    ({ actors, tellable }) => actors < MOST_ACTORS && tellable > 0,
    async (model, real) => startNotification(model, real, pick(model.cancels, which), isDated),
  )

const proceed = (who: number, commands: number) =>
  step(
    `actor ${who} proceeds by ${commands}`,
    (model) => model.atStore > 0,
    async (model, real) => {
      const actor = pick(atStore(real), who)
      for (let count = 1; count < commands; count++) {
        await advance(actor)
        if (actor.client.next() === undefined) return
        await assertHolds(model, real)
      }
      await advance(actor)
    },
  )

/** As a client may whose connection was moved or lost: the first sending was done, or is still on its way. */
const sendTwice = (who: number, isLate: boolean) =>
  step(
    `a command of actor ${who} is sent twice${isLate ? ', once late' : ''}`,
    (model) => model.atStore > 0,
    async (model, real) => {
      const actor = pick(atStore(real), who)
      const copy = actor.client.next() as SentCommand
      // What was done before time passed is not sent once more: no client waits as long for a reply.
      if (copy.reply === undefined && isLate) real.strays.push([copy])
      if (copy.reply === undefined && !isLate) await execute(model, real, copy)
      await advance(actor)
    },
  )

const breakOff = (who: number, done: number, isLate: boolean) =>
  step(
    `the connection of actor ${who} breaks after ${done}${isLate ? ', the rest arrives late' : ''}`,
    (model) => model.atStore > 0,
    async (_, real) => {
      const rest = await pick(atStore(real), who).client.breakOff(done)
      if (isLate && rest.length > 0) real.strays.push(rest)
    },
  )

const die = (who: number, done: number, isLate: boolean) =>
  step(
    `actor ${who} dies after ${done}${isLate ? ', the rest arrives late' : ''}`,
    ({ actors }) => actors > 0,
    async (_, real) => {
      const actor = pick(real.actors, who)
      real.actors = real.actors.filter((other) => other !== actor)
      const rest = await actor.client.kill(done)
      if (isLate && rest.length > 0) real.strays.push(rest)
    },
  )

const strayArrives = (which: number) =>
  step(
    `stray ${which} arrives`,
    (model) => model.strays > 0,
    async (model, real) => {
      const connection = pick(real.strays, which)
      await execute(model, real, connection.shift() as SentCommand)
      real.strays = real.strays.filter(({ length }) => length > 0)
    },
  )

const answer = (who: number, fate: Fate) =>
  step(
    `the provider's answer to call ${who}: ${fate}`,
    (model) => model.atProvider > 0,
    async (model, real) => {
      const actor = pick(
        real.actors.filter(({ call }) => call !== null),
        who,
      )
      const { relay, answer } = actor.call as NonNullable<Actor['call']>
      actor.call = null
      if (fate === 'not sent' || fate === 'token rejected') relay.hasLeft = false
      // The provider may have applied it before its answer is ready.
      if (fate === 'succeeded' || fate === 'applied, unheard') apply(model, relay)
      if (fate === 'declined' || fate === 'needs deposit') relay.isDeclined = true
      answer(outcomeOf(fate))
    },
  )

/** Relays that nobody waits for any more, and that the provider may still apply. */
function pendingAtProvider({ relays }: Model, { actors }: Real): Relay[] {
  return relays.filter(
    (relay) =>
      relay.hasLeft &&
      !relay.isApplied &&
      !relay.isDeclined &&
      !actors.some(({ call }) => call?.relay === relay),
  )
}

const appliesLate = (which: number) =>
  step(
    `the provider applies call ${which} late`,
    (model) => model.unheard > 0,
    async (model, real) => {
      apply(model, pick(pendingAtProvider(model, real), which))
    },
  )

const timePasses = (ms: number, isLookupDown: boolean) =>
  step(
    `${ms / 1000} s pass${isLookupDown ? ', without lookups' : ''}`,
    () => true,
    async (model, real) => {
      await passTime(model, real, ms)
      // Before the reconciler mends what time has broken.
      await assertHolds(model, real)
      if (ms >= SWEPT_WITHIN_MS) await sweepToTheEnd(model, real, isLookupDown)
    },
  )

/** Requests that meet: with one key, in no time; with several keys over days; by their references and amounts. */
const SCENES = [
  {
    keys: [0],
    payloads: [0, 0, 3],
    timeWeight: 0,
    depositWeight: 0,
    outsideWeight: 1,
    fates: FATES,
    numRuns: 100,
  },
  {
    keys: [0, 0, 0, 1, 2],
    payloads: [0, 0, 0, 1, 1, 2, 3],
    timeWeight: 2,
    depositWeight: 1,
    outsideWeight: 1,
    fates: FATES,
    numRuns: 100,
  },
  {
    keys: [0, 1, 2],
    payloads: [4, 4, 4, 5, 6, 6, 7, 1],
    timeWeight: 3,
    depositWeight: 1,
    outsideWeight: 1,
    fates: FATES,
    numRuns: 100,
  },
  {
    ...{ keys: [0, 0, 1], payloads: [0, 0, 1, 1, 4, 6], timeWeight: 2, depositWeight: 4 },
    outsideWeight: 1,
    fates: ['needs deposit', 'needs deposit', 'needs deposit', 'succeeded', 'unheard'] as Fate[],
    numRuns: 40,
  },
  {
    ...{ keys: [0, 1, 2], payloads: [1, 3, 4, 4, 6, 6], timeWeight: 2, depositWeight: 0, outsideWeight: 5 },
    fates: ['applied, unheard', 'applied, unheard', 'unheard', 'succeeded', 'declined'] as Fate[],
    numRuns: 60,
  },
] as const

function anyStep({
  keys,
  payloads,
  timeWeight,
  depositWeight,
  outsideWeight,
  fates,
}: (typeof SCENES)[number]): fc.Arbitrary<Step> {
  const who = fc.nat(MOST_ACTORS - 1)
  const key = fc.constantFrom(...keys)
  const payload = fc.constantFrom(...payloads)
  const bookingKey = fc.nat(BOOKING_KEYS.length - 1)
  const booking = fc.nat(BOOKINGS.length - 1)
  const outcome = fc.constantFrom('succeeded' as const, 'failed' as const)
  const ms = fc.constantFrom(LEASE_PASSES_MS, TRUST_PASSES_MS, LONG_MS)
  return fc.oneof(
    { weight: 4, arbitrary: fc.tuple(key, payload).map((of) => request(...of)) },
    { weight: 1, arbitrary: fc.boolean().map(sweep) },
    { weight: 1, arbitrary: fc.tuple(key, outcome).map((of) => resolve(...of)) },
    { weight: depositWeight, arbitrary: key.map(askForDeposit) },
    {
      weight: 2 * depositWeight,
      arbitrary: fc.tuple(who, fc.constantFrom(...DEPOSIT_FATES)).map((of) => answerDeposit(...of)),
    },
    { weight: depositWeight, arbitrary: who.map(payDeposit) },
    { weight: outsideWeight, arbitrary: fc.tuple(bookingKey, booking).map((of) => book(...of)) },
    { weight: outsideWeight, arbitrary: fc.tuple(who, fc.boolean()).map((of) => notify(...of)) },
    { weight: 24, arbitrary: fc.tuple(who, fc.constantFrom(1, 1, 2, 6)).map((of) => proceed(...of)) },
    { weight: 6, arbitrary: fc.tuple(who, fc.constantFrom(...fates)).map((of) => answer(...of)) },
    { weight: 2, arbitrary: fc.tuple(who, fc.boolean()).map((of) => sendTwice(...of)) },
    { weight: 2, arbitrary: fc.tuple(who, fc.nat(2), fc.boolean()).map((of) => breakOff(...of)) },
    { weight: 2, arbitrary: fc.tuple(who, fc.nat(2), fc.boolean()).map((of) => die(...of)) },
    { weight: 2, arbitrary: who.map(strayArrives) },
    { weight: 1, arbitrary: who.map(appliesLate) },
    { weight: timeWeight, arbitrary: fc.tuple(ms, fc.boolean()).map((of) => timePasses(...of)) },
  )
}

/** Nobody is left but a reconciler and callers who ask again. */
async function settleDown(model: Model, real: Real): Promise<void> {
  for (const actor of real.actors.splice(0)) await actor.client.kill(0)
  await passTime(model, real, LEASE_PASSES_MS)
  await sweepToTheEnd(model, real, false)
  await assertHolds(model, real)
  await assertHeard(model, real)
  for (const [key] of KEYS.entries()) {
    for (const payload of [0, 3]) {
      const caller = startRequest(model, real, key, payload)
      while (caller.client.next() !== undefined || caller.call !== null) {
        const { call } = caller
        caller.call = null
        call?.answer(outcomeOf('declined'))
        await advance(caller)
      }
      await assertHolds(model, real)
    }
  }
  // Longer than any pause between two looks of the reconciler.
  for (let passedMs = 0; passedMs < 7 * 3_600_000; passedMs += LONG_MS) {
    await timePasses(LONG_MS, false).run(model, real)
  }
  model.undone.clear()
  await assertHeard(model, real)
  await assertAtRest(model, real)
}

async function startRedis(t: Test) {
  // What a crash of Redis leaves is another test's subject.
  const server = await startTestRedis(t, ['--appendonly', 'no'])
  // What is looked at after each command leaves in one write.
  const client = new Redis({ path: server.socketPath, enableAutoPipelining: true })
  t.teardown(() => client.disconnect())
  return client
}

async function play(client: Redis, steps: Iterable<Step>): Promise<void> {
  await client.flushall()
  const redis = defineScripts(client)
  const model = newModel()
  const real: Real = { redis, reader: createStore(redis), actors: [], strays: [], violations: [], stop: [] }
  try {
    await fc.asyncModelRun(() => ({ model, real }), steps)
    await settleDown(model, real)
  } finally {
    for (const stop of real.stop) await stop()
  }
}

for (const scene of SCENES) {
  const keyCount = new Set(scene.keys).size
  t.test(
    `no crash between any two commands breaks a promise: keys: ${keyCount}, payloads: ${scene.payloads}`,
    async (t) => {
      const client = await startRedis(t)
      const anySteps = fc.commands([anyStep(scene)], { maxCommands: 200, size: 'max' })
      await fc.assert(
        fc.asyncProperty(anySteps, (steps) => play(client, steps)),
        // Biased, fast-check would mostly try sequences that end before two requests meet.
        { numRuns: scene.numRuns, unbiased: true },
      )
      t.pass()
    },
  )
}

t.test('a refund whose lease cannot be renewed stays in the index until it is undone', async (t) => {
  const client = await startRedis(t)
  await play(client, [
    request(0, 0),
    // It looks for what was left in flight, claims, and begins.
    proceed(0, 4),
    timePasses(TRUST_PASSES_MS, false),
    answer(0, 'token rejected'),
    proceed(0, 3),
    die(0, 0, false),
  ])
  t.pass()
})

t.test('an entry that a crash left behind does not let the key of another payment expire', async (t) => {
  const client = await startRedis(t)
  await play(client, [
    // A partial refund that is begun, not sent, and dies after it has freed its key and before its entry is gone.
    request(0, 3),
    proceed(0, 4),
    answer(0, 'not sent'),
    proceed(0, 2),
    die(0, 0, false),
    // The key then carries one of another payment, whose outcome nobody hears.
    request(0, 1),
    proceed(0, 4),
    answer(0, 'unheard'),
    proceed(0, 6),
    sweep(false),
    proceed(0, 7),
  ])
  t.pass()
})

/** A partial refund of the first payment that has succeeded. */
const REFUNDED = [request(0, 1), proceed(0, 4), answer(0, 'succeeded'), proceed(0, 6)]

t.test('a booking is journalled whose process was paused before it was made', async (t) => {
  const client = await startRedis(t)
  // Its key is bound, and its entry comes into the index; the sweep finds nothing booked.
  await play(client, [
    ...REFUNDED,
    book(0, 0),
    proceed(0, 1),
    timePasses(TRUST_PASSES_MS, false),
    proceed(0, 6),
  ])
  t.pass()
})

t.test('a booking is journalled once whose entry comes into the index again', async (t) => {
  const client = await startRedis(t)
  await play(client, [
    ...REFUNDED,
    book(0, 0),
    proceed(0, 1),
    sendTwice(0, true),
    proceed(0, 6),
    strayArrives(0),
    timePasses(LEASE_PASSES_MS, false),
  ])
  t.pass()
})
