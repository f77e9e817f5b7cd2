/** Makes the refunds that scripts/clients.ts expects, with the client of OpenAPI Generator's `typescript-fetch`. */
import {
  Configuration,
  type Payment,
  type Problem,
  ProblemFromJSON,
  type Refund,
  type RefundRequest,
  RefundsApi,
  ResponseError,
} from './gateway/index'

const { CLIENT_NAME: name, GATEWAY_URL: basePath = '', GATEWAY_KEY: accessToken = '' } = process.env
const refunds = new RefundsApi(new Configuration({ basePath, accessToken }))

function request(what: string, paid: number, method: Payment['method'] = 'card_auth'): RefundRequest {
  return {
    tid: `${what}-${name}-${paid}`,
    reason: '고객 변심',
    payment: { method, amount: paid },
    metadata: { client: `${name}` },
  }
}

async function refund(key: string, refundRequest: RefundRequest) {
  const answer = await refunds.createRefundRaw({ idempotencyKey: `${name}-${key}`, refundRequest })
  return { response: answer.raw, data: await answer.value() }
}

async function problem(key: string, body: RefundRequest): Promise<Problem> {
  const refusal = await refund(key, body).catch((error) => error)
  if (!(refusal instanceof ResponseError)) throw refusal
  return ProblemFromJSON(await refusal.response.json())
}

function show(...words: unknown[]): void {
  process.stdout.write(`${words.join(' ')}\n`)
}

function showRefund(what: string, { data, response }: { data: Refund; response: Response }): void {
  const { status, kind, amount, provider, taxFreeAmount } = data
  show(what, response.status, status, kind, amount, provider?.cancelAmt, `${taxFreeAmount}`)
}

async function main(): Promise<void> {
  const full = request('full', 50_000)
  const first = await refund('full', full)
  showRefund('full', first)
  const half = { ...request('partial', 5_000_000_000), amount: 3_000_000_000 }
  showRefund('partial', await refund('partial', half))

  const again = await refund('full', full)
  const isSame = JSON.stringify(again.data) === JSON.stringify(first.data)
  show('replayed', again.response.status, again.response.headers.get('idempotent-replayed'), isSame)

  const refused = await problem('refused', request('mobile', 50_000, 'mobile'))
  show('refused', refused.status, refused.code, refused.retry, refused.rule)

  const declined = await problem('declined', request('declined', 50_000))
  show('declined', declined.status, declined.code, declined.retry, declined.refund?.status)

  const { data: unknown, response } = await refund('unknown', request('reset', 50_000))
  show('unknown', response.status, unknown.status, unknown.retry, `${unknown.provider}`)

  const read = await refunds.getRefundRaw({ id: first.data.id })
  show('read', read.raw.status, JSON.stringify(await read.value()) === JSON.stringify(first.data))
}

main()
