import t from 'tap'
import { ledger, until } from '../../support/calls.ts'
import { isRefund } from '../../support/contract.ts'
import { refundRequest, startTestGateway } from '../../support/gateway.ts'
import { startSandbox } from '../../support/sandbox.ts'
import { startTestSentinel } from '../../support/sentinel.ts'
import { FAILOVER_MS, isEachSentOnce, isHeldUpBy, startStream } from '../../support/stream.ts'

const [sandbox, sentinel] = await Promise.all([startSandbox(t), startTestSentinel(t)])
const gateway = await startTestGateway(t, {
  ...sentinel.env,
  COOKIEPAY_BASE_URL: sandbox.base,
  COOKIEPAY_TIMEOUT_MS: '2000',
  RATE_LIMIT_MAX: '1000000',
  // All replicas that there are: a deposed primary takes writes until it is told, and loses them.
  REDIS_MIN_REPLICAS: '1',
})
const isReady = async () => (await gateway.request('/readyz')).status === 200

t.test('refunds, replays and reading', async (t) => {
  await until('it is ready', isReady)
  const body = refundRequest()
  const first = await gateway.refund(body, 'key')
  isRefund(t, first, 'succeeded')
  isRefund(t, await gateway.refund(body, 'key'), 'succeeded', { replayed: true })
  t.match(await ledger(gateway, body.tid), { refunded: 10_000, refunds: [first.body] })
  t.equal((await sandbox.cancels(body.tid)).calls, 1)
})

t.test('a failover that was asked for, in a stream of refunds', async (t) => {
  const stream = startStream(gateway)
  await stream.more(50)
  await sentinel.failOver()
  await sentinel.untilReplicated()
  await stream.more(50)
  const made = await stream.stop()
  isHeldUpBy(t, stream, ['store_unavailable', 'store_not_durable'])
  await isEachSentOnce(t, sandbox, gateway, made)
})

t.test('a primary that is killed, in a stream of refunds', async (t) => {
  const victim = await sentinel.primary()
  const stream = startStream(gateway)
  await stream.more(50)
  await victim.kill()
  await until('its replica takes over', async () => (await sentinel.primary()) !== victim, FAILOVER_MS)
  await victim.start()
  await sentinel.untilReplicated()
  await stream.more(50)
  const made = await stream.stop()
  isHeldUpBy(t, stream, ['store_unavailable', 'store_not_durable'])
  t.ok(stream.problems.has('store_unavailable'), 'it was noticed')
  await isEachSentOnce(t, sandbox, gateway, made)
})
