import t from 'tap'
import { isProblem, pointsAt } from '../support/contract.ts'
import { refundRequest } from '../support/gateway.ts'
import { untilListed } from '../support/listed.ts'
import { cancelAnswer, type Respond, sendJson } from '../support/provider-stub.ts'
import { startStubbedGateway } from '../support/stubbed-gateway.ts'

const today = () => new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 10)
const answering =
  (changes: Record<string, unknown>): Respond =>
  (response, { body }) =>
    sendJson(response, cancelAnswer(body, changes))

t.test('a day is summed up from what was refunded, declined, unknown and cancelled otherwise', async (t) => {
  const { gateway, stub } = await startStubbedGateway(t)
  const report = (date: string) => gateway.request(`/reports/daily?date=${date}`)
  const date = today()
  const make = async (amount: number, respond: Respond) => {
    stub.onCancel(respond)
    const { body } = await gateway.refund(refundRequest({ amount }))
    return body.refund?.id ?? body.id
  }
  const ids = [
    await make(1_000, answering({})),
    await make(2_000, answering({})),
    await make(3_000, answering({ cancel_amt: '2500' })),
    await make(400, answering({ cancel_code: '3001', cancel_msg: '한도초과', cancel_amt: '0' })),
    await make(50, (response) => sendJson(response, {}, 500)),
  ]
  await untilListed(gateway, ids)
  if (today() !== date) return t.comment('skipped: the day ended while refunds were made')
  const { status, body } = await report(date)
  t.equal(status, 200)
  t.match(body, {
    date,
    rows: [
      {
        account: 'default',
        caller: 'anonymous',
        succeeded: { count: 3, amount: 5_500 },
        failed: [{ code: 'provider_declined', count: 1, amount: 400 }],
        unknown: { count: 1, amount: 50 },
      },
    ],
    disputes: [],
    disputes_count: 0,
    mismatches: [{ id: ids[2], amount: 3_000, counted: 2_500 }],
    mismatches_count: 1,
  })
  const none = (await report('2100-01-01')).body as unknown as { rows: unknown[] }
  t.same(none.rows, [])
  pointsAt(t, await report('2026-02-30'), ['#/date'], 'no such date')
  pointsAt(t, await report('2020-01-01'), ['#/date'], 'of which the journal knows nothing any more')
  pointsAt(t, await report('today'), ['#/date'], 'no date')
  isProblem(t, await gateway.request('/reports/daily'), 'invalid_request', 'no date at all')
})
