import { hash } from 'node:crypto'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type Admission, BREAKER_LEAST_CALLS, createAdmission } from '../../src/cookiepay/admission.ts'
import { MAX_CALLS, RESERVED_CALLS } from '../../src/cookiepay/places.ts'
import type { CancelCall, CancelOutcome, NotSent, Place } from '../../src/refunds/ports/provider.ts'
import { metric, until } from '../support/calls.ts'
import { isProblem, isRefund } from '../support/contract.ts'
import { CANCEL } from '../support/cookiepay.ts'
import { gatewayEnv, refundRequest, startTestGateway } from '../support/gateway.ts'
import { MERCHANT } from '../support/merchant.ts'
import { cancelAnswer, sendJson, startProviderStub } from '../support/provider-stub.ts'
import { startTestRedis } from '../support/redis.ts'
import { withRedis } from '../support/redis-content.ts'

const LONGEST_WAIT_MS = 2_000
/** More than the three seconds that the breaker stays open. */
const RECOVERY_MS = 10_000
const TURNED_AWAY = { outcome: 'not_sent', code: 'provider_unavailable' }

const PROVIDER_ANSWER = {
  cancel_tid: null,
  cancel_code: '0000',
  cancel_msg: null,
  cancel_date: null,
  cancel_amt: null,
}
const SUCCEEDED: CancelOutcome = {
  outcome: 'succeeded',
  provider: PROVIDER_ANSWER,
  refundedAt: null,
  cancelledAmount: null,
}
const UNKNOWN: CancelOutcome = { outcome: 'unknown', detail: 'no answer', provider: null }

/** A provider that has failed where the token says so. */
const cancelByToken: CancelCall = async (_request, token) => (token === 'failing' ? UNKNOWN : SUCCEEDED)

function newAdmission(t: Test, cancel = cancelByToken): Admission {
  const admission = createAdmission(cancel)
  t.teardown(admission.close)
  return admission
}

/** Does the work in a place, where there is one. */
async function run<Result>(
  admission: Admission,
  caller: string,
  work: (place: Place) => Promise<Result>,
): Promise<Result | NotSent> {
  const place = await admission.enter(caller)
  if (place.outcome === 'not_sent') return place
  try {
    return await work(place)
  } finally {
    place.leave()
  }
}

/** Until whoever finds a place has taken it: after the promises that are settled, and before anything else happens. */
const untilEntered = () => new Promise<void>((resolve) => process.nextTick(resolve))

/** Work that makes one call. */
function callOnce(admission: Admission, hasFailed: boolean) {
  return run(admission, 'batch', ({ cancel }) => cancel(CANCEL, hasFailed ? 'failing' : 'token'))
}

async function open(admission: Admission): Promise<void> {
  await Promise.all(Array.from({ length: BREAKER_LEAST_CALLS }, () => callOnce(admission, true)))
  if (!admission.isOpen()) throw new Error('the breaker did not open')
}

/** It is open no more where it lets one through, to see. */
const untilHalfOpen = (admission: Admission) =>
  until('one is let through', () => !admission.isOpen(), RECOVERY_MS)

t.jobs = 6

t.test('so many at a time, also of a burst', { buffered: true }, async (t) => {
  const admission = newAdmission(t)
  let running = 0
  let most = 0
  const work = async () => {
    running += 1
    most = Math.max(most, running)
    await sleep(20)
    running -= 1
    return 'done'
  }
  const results = await Promise.all(
    Array.from({ length: 5 * MAX_CALLS }, () => run(admission, 'batch', work)),
  )
  t.ok(results.every((result) => result === 'done'))
  t.equal(most, MAX_CALLS)
})

t.test('who waits too long is turned away, and not run later either', { buffered: true }, async (t) => {
  const admission = newAdmission(t)
  let finish: () => void = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const held = Array.from({ length: MAX_CALLS }, () => run(admission, 'batch', () => finished))
  const startedAt = Date.now()
  let hasRun = false
  const late = await run(admission, 'batch', async () => {
    hasRun = true
  })
  const waitedMs = Date.now() - startedAt
  t.match(late, TURNED_AWAY)
  t.ok(waitedMs >= LONGEST_WAIT_MS - 10 && waitedMs < LONGEST_WAIT_MS + 3_000, `after ${waitedMs} ms`)
  const inTime = run(admission, 'batch', async () => 'in time')
  finish()
  await Promise.all(held)
  t.equal(await inTime, 'in time')
  t.equal(hasRun, false)
})

t.test('a queue that is long enough grows no longer', { buffered: true }, async (t) => {
  const admission = newAdmission(t)
  const held = Array.from({ length: MAX_CALLS + 1_000 }, () => run(admission, 'batch', () => sleep(300)))
  const startedAt = Date.now()
  t.match(await run(admission, 'batch', async () => 'run'), TURNED_AWAY)
  t.ok(Date.now() - startedAt < LONGEST_WAIT_MS - 100, 'without waiting')
  await Promise.all(held)
})

/** Work that takes a place until it is ended. */
function startHolder(admission: Admission) {
  const running: { caller: string; end: () => void }[] = []
  const hold = (caller: string) =>
    run(
      admission,
      caller,
      () => new Promise<string>((resolve) => running.push({ caller, end: () => resolve(`${caller} done`) })),
    )
  const countOf = (caller: string) => running.filter((call) => call.caller === caller).length
  /** Ends the oldest call of this caller. */
  async function endOne(caller: string): Promise<void> {
    const index = running.findIndex((call) => call.caller === caller)
    running.splice(index, 1)[0]?.end()
    await setImmediate()
  }
  const endAll = () => {
    for (const { end } of running.splice(0)) end()
  }
  return { running, hold, countOf, endOne, endAll }
}

t.test('who comes while one caller holds all places gets in at once', { buffered: true }, async (t) => {
  const { hold, countOf, endAll } = startHolder(newAdmission(t))
  const calls = Array.from({ length: 3 * MAX_CALLS }, () => hold('batch'))
  for (const caller of ['b', 'c', 'd', 'e']) {
    calls.push(hold(caller))
    await untilEntered()
    t.equal(countOf(caller), 1, `${caller} did not wait`)
  }
  t.equal(countOf('batch'), MAX_CALLS, 'one alone may hold them all, and no more')
  while (countOf('batch') > 0) {
    endAll()
    await setImmediate()
  }
  t.ok((await Promise.all(calls)).every((answer) => typeof answer === 'string'))
})

t.test('who comes with a burst leaves places for those after', { buffered: true }, async (t) => {
  const { running, hold, countOf, endAll } = startHolder(newAdmission(t))
  for (const caller of ['a', 'b', 'c', 'd']) for (let i = 0; i < MAX_CALLS; i++) void hold(caller)
  await untilEntered()
  t.strictSame(['a', 'b', 'c', 'd'].map(countOf), [MAX_CALLS, 8, 4, 2])
  t.ok(running.length < MAX_CALLS + RESERVED_CALLS)
  while (running.length > 0) {
    t.ok(running.length <= MAX_CALLS + RESERVED_CALLS)
    endAll()
    await setImmediate()
  }
})

t.test(
  'a place that is freed is for whoever holds the fewest, first come first',
  { buffered: true },
  async (t) => {
    const { running, hold, countOf, endOne, endAll } = startHolder(newAdmission(t))
    for (let i = 0; i < 2 * MAX_CALLS; i++) void hold('batch')
    for (let i = 0; i < MAX_CALLS; i++) void hold('shop')
    await untilEntered()
    t.equal(countOf('shop'), RESERVED_CALLS / 2)
    while (countOf('shop') < MAX_CALLS / 2) await endOne('batch')
    t.equal(countOf('batch'), MAX_CALLS / 2, 'until both have as many')
    for (let i = 0; i < MAX_CALLS / 2; i++) await endOne(i % 2 === 0 ? 'batch' : 'shop')
    t.ok(Math.abs(countOf('batch') - countOf('shop')) <= 1, 'and keep as many')
    while (running.length > 0) {
      endAll()
      await setImmediate()
    }
  },
)

t.test('one caller cannot fill the queue of another', { buffered: true }, async (t) => {
  const { running, hold, endAll } = startHolder(newAdmission(t))
  for (let i = 0; i < MAX_CALLS + 1_000; i++) void hold('batch')
  t.match(await hold('batch'), TURNED_AWAY)
  const others = Array.from({ length: RESERVED_CALLS }, () => hold('shop'))
  await setImmediate()
  while (running.length > 0) {
    endAll()
    await setImmediate()
  }
  t.ok((await Promise.all(others)).every((answer) => answer === 'shop done'))
})

t.test(
  'whoever asks and whatever ends, places are bounded, and none is free while somebody waits who may have it',
  { buffered: true },
  async () => {
    const caller = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const step = fc.record({ kind: fc.constantFrom('ask', 'ask', 'ask', 'end'), caller })
    const property = fc.asyncProperty(fc.array(step, { minLength: 200, maxLength: 400 }), async (steps) => {
      const admission = createAdmission(cancelByToken)
      const { running, hold, countOf, endOne, endAll } = startHolder(admission)
      const asked = new Map<string, number>()
      const answers: Promise<unknown>[] = []
      const ended = new Map<string, number>()
      const count = (counts: Map<string, number>, of: string) => counts.set(of, (counts.get(of) ?? 0) + 1)
      for (const { kind, caller } of steps) {
        if (kind === 'ask') {
          count(asked, caller)
          answers.push(hold(caller))
          await untilEntered()
        } else if (countOf(caller) > 0) {
          count(ended, caller)
          await endOne(caller)
        }
        if (running.length > MAX_CALLS + RESERVED_CALLS) return false
        for (const [of, total] of asked) {
          const waits = total - (ended.get(of) ?? 0) - countOf(of) > 0
          if (waits && running.length < MAX_CALLS) return false
        }
      }
      while (running.length > 0) {
        endAll()
        await setImmediate()
      }
      admission.close()
      return (await Promise.all(answers)).every((answer) => typeof answer === 'string')
    })
    await fc.assert(property, { numRuns: 30 })
  },
)

t.test(
  'work that throws frees its place, and is not the failure of the provider',
  { buffered: true },
  async (t) => {
    const admission = newAdmission(t)
    for (let round = 0; round < 3; round++) {
      const works = Array.from({ length: MAX_CALLS }, () =>
        run(admission, 'batch', () => Promise.reject(new Error('the store failed'))),
      )
      const settled = await Promise.allSettled(works)
      t.ok(settled.every(({ status }) => status === 'rejected'))
    }
    t.notOk(admission.isOpen())
  },
)

t.test('the breaker opens on a run of failures, and no sooner', { buffered: true }, async (t) => {
  const admission = newAdmission(t)
  for (let call = 1; call < BREAKER_LEAST_CALLS; call++) await callOnce(admission, true)
  t.notOk(admission.isOpen())
  t.match(await callOnce(admission, true), { outcome: 'unknown' }, 'the outcome is passed on')
  t.ok(admission.isOpen())
  let hasRun = false
  const answer = await run(admission, 'batch', async () => {
    hasRun = true
  })
  t.match(answer, TURNED_AWAY)
  t.equal(hasRun, false)
})

t.test('it stays closed where every fifth call is answered', { buffered: true }, async (t) => {
  const admission = newAdmission(t)
  for (let call = 0; call < 3 * BREAKER_LEAST_CALLS; call++) await callOnce(admission, call % 5 > 0)
  t.notOk(admission.isOpen())
})

t.test('after a while one is let through, to see: a success closes it', { buffered: true }, async (t) => {
  let finish: () => void = () => {}
  const admission = newAdmission(t, async (request, token) => {
    if (token !== 'slow') return cancelByToken(request, token)
    return new Promise((resolve) => {
      finish = () => resolve(SUCCEEDED)
    })
  })
  await open(admission)
  await untilHalfOpen(admission)
  const trial = run(admission, 'batch', ({ cancel }) => cancel(CANCEL, 'slow'))
  t.match(await callOnce(admission, false), TURNED_AWAY, 'no other meanwhile')
  finish()
  t.match(await trial, { outcome: 'succeeded' })
  const answers = await Promise.all(Array.from({ length: MAX_CALLS }, () => callOnce(admission, false)))
  t.ok(answers.every(({ outcome }) => outcome === 'succeeded'))
})

t.test('a failure keeps it open', { buffered: true }, async (t) => {
  const admission = newAdmission(t)
  await open(admission)
  await untilHalfOpen(admission)
  t.match(await callOnce(admission, true), { outcome: 'unknown' })
  t.ok(admission.isOpen())
  t.match(await callOnce(admission, false), TURNED_AWAY)
})

t.test(
  'work that comes to no call, or throws, says nothing of the provider',
  { buffered: true },
  async (t) => {
    const admission = newAdmission(t)
    await open(admission)
    await untilHalfOpen(admission)
    t.equal(await run(admission, 'batch', async () => 'refused by begin'), 'refused by begin')
    await t.rejects(run(admission, 'batch', () => Promise.reject(new Error('the store failed'))))
    const [first, second] = await Promise.all([callOnce(admission, true), callOnce(admission, true)])
    t.match(first, { outcome: 'unknown' }, 'so that this is the trial')
    t.match(second, TURNED_AWAY)
    t.ok(admission.isOpen())
  },
)

t.test('what was turned away does not make later failures look rare', { buffered: true }, async (t) => {
  const admission = newAdmission(t)
  await open(admission)
  for (let call = 0; call < 10 * BREAKER_LEAST_CALLS; call++) await callOnce(admission, false)
  await untilHalfOpen(admission)
  t.match(await callOnce(admission, false), { outcome: 'succeeded' })
  t.notOk(admission.isOpen())
  let failed = 0
  for (; failed < BREAKER_LEAST_CALLS && !admission.isOpen(); failed++) await callOnce(admission, true)
  t.ok(admission.isOpen(), `after ${failed} failures`)
})

async function startAll(t: Test) {
  const [redis, provider] = await Promise.all([startTestRedis(t), startProviderStub(t)])
  const env = { RATE_LIMIT_MAX: '1000000', COOKIEPAY_CONNECT_TIMEOUT_MS: '1000' }
  const gateway = await startTestGateway(t, gatewayEnv(provider.url, redis, env))
  return { redis, provider, gateway }
}

t.test(
  'through the gateway: who finds no place has nothing reserved, and a free key',
  { buffered: true },
  async (t) => {
    const { provider, gateway, redis } = await startAll(t)
    const finish: (() => void)[] = []
    provider.onCancel((response, { body }) => finish.push(() => sendJson(response, cancelAnswer(body))))
    const held = Array.from({ length: MAX_CALLS }, () => gateway.refund(refundRequest()))
    await until('all are at the provider', () => finish.length === MAX_CALLS)

    const body = refundRequest()
    isProblem(t, await gateway.refund(body, 'crowded'), 'provider_unavailable')
    t.equal(provider.cancels.length, MAX_CALLS, 'the provider has no more at a time')
    t.equal((await gateway.request(`/payments/${body.tid}`)).status, 404)
    for (const answer of finish) answer()
    t.ok((await Promise.all(held)).every(({ status }) => status === 201))
    provider.onCancel((response, { body }) => sendJson(response, cancelAnswer(body)))
    isRefund(t, await gateway.refund({ ...body, reason: 'corrected' }, 'crowded'), 'succeeded')
    // Entries of settled refunds leave the index together, a little later.
    const unsettled = () => withRedis(redis, (client) => client.keys('unsettled:*'))
    await until('the index is empty', async () => (await unsettled()).length === 0)
  },
)

t.test(
  'through the gateway: one caller with a slow provider leaves the others theirs',
  { buffered: true },
  async (t) => {
    const [redis, provider] = await Promise.all([startTestRedis(t), startProviderStub(t)])
    const keyOf = (caller: string) => `key-of-${caller}`
    const entries = ['batch', 'shop'].map((caller) => `${caller}:${hash('sha256', keyOf(caller))}:create`)
    const env = { RATE_LIMIT_MAX: '1000000', API_KEYS: entries.join(',') }
    const gateway = await startTestGateway(t, gatewayEnv(provider.url, redis, env))
    const refundAs = (caller: string) =>
      gateway.refund(refundRequest(), undefined, { authorization: `Bearer ${keyOf(caller)}` })
    const finish: (() => void)[] = []
    provider.onCancel((response, { body }) => finish.push(() => sendJson(response, cancelAnswer(body))))
    const batch = Array.from({ length: 200 }, () => refundAs('batch'))
    await until('it holds all places', () => finish.length === MAX_CALLS)
    const shop = Array.from({ length: 3 }, () => refundAs('shop'))
    await until('the other is at the provider', () => finish.length === MAX_CALLS + 3)
    const answered = setInterval(() => {
      for (const answer of finish.splice(0)) answer()
    }, 20)
    t.teardown(() => clearInterval(answered))
    for (const answer of await Promise.all(shop)) isRefund(t, answer, 'succeeded')
    t.ok((await Promise.all(batch)).every(({ status }) => [201, 503].includes(status)))
  },
)

t.test('through the gateway: a run of unknowns', { buffered: true }, async (t) => {
  const { provider, gateway, redis } = await startAll(t)
  provider.onCancel((response) => sendJson(response, {}, 500))
  const paused = () => metric(gateway, 'refund_gateway_provider_paused')
  t.equal(await paused(), 0)
  const run = await Promise.all(
    Array.from({ length: BREAKER_LEAST_CALLS }, () => gateway.refund(refundRequest())),
  )
  t.ok(run.every(({ status }) => status === 202))
  t.equal(await paused(), 1)

  provider.onCancel((response, { body }) => sendJson(response, cancelAnswer(body)))
  const body = refundRequest()
  isProblem(t, await gateway.refund(body, 'paused'), 'provider_unavailable')
  t.equal(provider.cancels.length, BREAKER_LEAST_CALLS)
  const left = await withRedis(redis, (client) =>
    client.exists(`payment:{${MERCHANT}:${body.tid}}`, `abandoned:{${MERCHANT}:${body.tid}}`),
  )
  t.equal(left, 0, 'nothing was begun')
  const isMade = async () => (await gateway.refund(body, 'paused')).status === 201
  await until('it is made', isMade, RECOVERY_MS)
  t.equal(await paused(), 0)
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
})

t.test('through the gateway: a provider that cannot be connected to', { buffered: true }, async (t) => {
  const { provider, gateway } = await startAll(t)
  isRefund(t, await gateway.refund(refundRequest()), 'succeeded')
  await provider.stop()
  const run = await Promise.all(
    Array.from({ length: BREAKER_LEAST_CALLS }, () => gateway.refund(refundRequest())),
  )
  t.ok(run.every(({ body }) => body.code === 'provider_unavailable'))
  t.equal(await metric(gateway, 'refund_gateway_provider_paused'), 1)
  t.equal(await metric(gateway, 'refund_gateway_unsettled_refunds'), 0)
  await provider.start()
  const body = refundRequest()
  const isMade = async () => (await gateway.refund(body, 'key')).status === 201
  await until('it is made', isMade, RECOVERY_MS)
  t.equal(provider.cancels.length, 2)
})
