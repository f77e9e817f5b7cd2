import t from 'tap'
import { ledger } from '../support/calls.ts'
import { isProblem, isRefund } from '../support/contract.ts'
import { gatewayEnv, refundRequest } from '../support/gateway.ts'
import { startTestRedis } from '../support/redis.ts'
import { startSandbox } from '../support/sandbox.ts'
import { spawnGateway } from '../support/spawn-gateway.ts'

const [sandbox, redis] = await Promise.all([startSandbox(t), startTestRedis(t)])
// Callers here mean what they ask for, however often it is the same.
const env = gatewayEnv(sandbox.base, redis, { DUPLICATE_WINDOW_SECONDS: '0' })
const replicas = await Promise.all([spawnGateway(t, env), spawnGateway(t, env)])

/** The replica that gets the nth request. */
function replica(index: number) {
  return replicas[index % 2] as (typeof replicas)[0]
}

function requests(count: number, send: (index: number) => ReturnType<(typeof replicas)[0]['refund']>) {
  return Promise.all(Array.from({ length: count }, (_, index) => send(index)))
}

t.test('the sum of refunds never exceeds the payment, across replicas', async (t) => {
  for (const tid of ['parts-1000', 'delay100-parts-1000']) {
    const body = refundRequest({ tid, payment: { method: 'card_auth', amount: 1_000 }, amount: 100 })
    const answers = await requests(50, (index) => replica(index).refund(body, `${tid}-${index}`))
    const succeeded = answers.filter(({ status }) => status === 201)
    t.equal(succeeded.length, 10)
    for (const answer of answers) {
      if (answer.status === 201) isRefund(t, answer, 'succeeded')
      else isProblem(t, answer, 'amount_exceeds_remaining')
    }
    const { calls, applied, applied_total } = await sandbox.cancels(tid)
    t.strictSame([calls, applied.length, applied_total], [10, 10, 1_000])
    for (const one of replicas) {
      t.match(await ledger(one, tid), {
        refunded: 1_000,
        in_flight: 0,
        unknown: 0,
        remaining: 0,
        refunds: { length: 10 },
      })
    }
    const again = await requests(50, (index) => replica(index + 1).refund(body, `${tid}-${index}`))
    for (const [index, answer] of again.entries()) {
      if (answers[index]?.status === 201) isRefund(t, answer, 'succeeded', { replayed: true })
      else isProblem(t, answer, 'amount_exceeds_remaining')
    }
    t.equal((await sandbox.cancels(tid)).calls, 10, 'no call for the repeats')
  }
})

t.test('of full refunds of one payment at once, one is made', async (t) => {
  for (const tid of ['whole-10000', 'delay100-whole-10000']) {
    const answers = await requests(20, (index) => replica(index).refund(refundRequest({ tid })))
    const [succeeded, ...others] = answers.filter(({ status }) => status === 201)
    t.equal(others.length, 0)
    for (const answer of answers) {
      if (answer === succeeded) isRefund(t, answer, 'succeeded')
      // Each waits for the one that is made, and then finds nothing left.
      else isProblem(t, answer, 'amount_exceeds_remaining')
    }
    const { calls, applied_total } = await sandbox.cancels(tid)
    t.strictSame([calls, applied_total], [1, 10_000])
  }
})

t.test('of requests with one key at two replicas, one is sent', async (t) => {
  for (const tid of ['one-10000', 'delay100-one-10000']) {
    const body = refundRequest({ tid, amount: 1_000 })
    const answers = await requests(60, (index) => replica(index).refund(body, `one-${tid}`))
    const first = answers.filter(
      ({ status, headers }) => status === 201 && !headers.has('idempotent-replayed'),
    )
    t.equal(first.length, 1)
    for (const answer of answers) {
      if (answer === first[0]) continue
      if (answer.status === 201) isRefund(t, answer, 'succeeded', { replayed: true })
      else isProblem(t, answer, 'idempotency_in_progress')
    }
    t.match(await sandbox.cancels(tid), { calls: 1, applied_total: 1_000 })
  }
})

t.test('parts and wholes, right ones and wrong ones, at once: money and ledger agree', async (t) => {
  const tid = 'delay20-mixed-10000'
  // A part first: were the first one everything, there would be nothing left to dispute.
  const amounts = [3_000, 2_500, undefined, 7_000, 10_000, 1, 9_999, 3_000]
  const answers = await requests(64, (index) =>
    replica(index).refund(refundRequest({ tid, ...withAmount(amounts[index % amounts.length]) })),
  )
  for (const answer of answers) {
    if (answer.status === 201) isRefund(t, answer, 'succeeded')
    else isProblem(t, answer, 'amount_exceeds_remaining')
  }
  const succeeded = answers.filter(({ status }) => status === 201)
  const total = succeeded.reduce((sum, { body }) => sum + body.amount, 0)
  const { calls, applied_total } = await sandbox.cancels(tid)
  t.strictSame([calls, applied_total], [succeeded.length, total])
  t.ok(total > 0 && total <= 10_000, `${succeeded.length} refunds of ${total} KRW`)
  t.match(await ledger(replica(0), tid), { refunded: total, in_flight: 0, remaining: 10_000 - total })
})

t.test('replicas share one token', async (t) => {
  // Started together, one of the two fetched it; 1 more where both looked at the same moment.
  t.equal((await sandbox.cancels()).tokens_issued, 1)
})

function withAmount(amount: number | undefined) {
  return amount === undefined ? {} : { amount }
}
