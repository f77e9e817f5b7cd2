/** Makes the refunds that scripts/clients.ts expects, with the types of openapi-typescript and openapi-fetch. */
import createClient from 'openapi-fetch'
import type { components, paths } from './gateway.ts'

type RefundRequest = components['schemas']['RefundRequest']
type Refund = components['schemas']['Refund']

const { CLIENT_NAME: name, GATEWAY_URL: baseUrl = '', GATEWAY_KEY: key } = process.env
const client = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${key}` } })

function request(what: string, paid: number, method: RefundRequest['payment']['method'] = 'card_auth') {
  return {
    tid: `${what}-${name}-${paid}`,
    reason: '고객 변심',
    payment: { method, amount: paid },
    metadata: { client: `${name}` },
  } satisfies RefundRequest
}

async function refund(key: string, body: RefundRequest) {
  return client.POST('/refunds', { params: { header: { 'Idempotency-Key': `${name}-${key}` } }, body })
}

function show(...words: unknown[]): void {
  process.stdout.write(`${words.join(' ')}\n`)
}

function showRefund(what: string, { data, response }: { data?: Refund; response: Response }): void {
  const { status, kind, amount, provider, tax_free_amount } = data as Refund
  show(what, response.status, status, kind, amount, provider?.cancel_amt, `${tax_free_amount}`)
}

const full = request('full', 50_000)
const first = await refund('full', full)
showRefund('full', first)
showRefund(
  'partial',
  await refund('partial', { ...request('partial', 5_000_000_000), amount: 3_000_000_000 }),
)

const again = await refund('full', full)
const isSame = JSON.stringify(again.data) === JSON.stringify(first.data)
show('replayed', again.response.status, again.response.headers.get('idempotent-replayed'), isSame)

const { error: refused } = await refund('refused', request('mobile', 50_000, 'mobile'))
show('refused', refused?.status, refused?.code, refused?.retry, refused?.rule)

const { error: declined } = await refund('declined', request('declined', 50_000))
show('declined', declined?.status, declined?.code, declined?.retry, declined?.refund?.status)

const { data: unknown, response } = await refund('unknown', request('reset', 50_000))
show('unknown', response.status, unknown?.status, unknown?.retry, `${unknown?.provider}`)

const read = await client.GET('/refunds/{id}', { params: { path: { id: `${first.data?.id}` } } })
show('read', read.response.status, JSON.stringify(read.data) === JSON.stringify(first.data))
