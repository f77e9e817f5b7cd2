/** The provider: answers token and cancel calls the way CookiePay does, after PROVIDER_DELAY_MS. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CancelAnswer } from './support.ts'

const DAY_SECONDS = 86_400
const delayMs = Number(process.env.PROVIDER_DELAY_MS ?? 0)
const token = JSON.stringify({ RTN_CD: '0000', RTN_MSG: '성공', TOKEN: createToken() })
let cancels = 0

const server = createServer((request, response) => {
  let text = ''
  request.setEncoding('utf8')
  request.on('data', (chunk: string) => {
    text += chunk
  })
  request.on('end', () => {
    const answer = request.url === '/payAuth/token' ? token : cancel(text)
    if (delayMs === 0) send(response, answer)
    else setTimeout(send, delayMs, response, answer)
  })
})
// A call that arrives on a connection which is just being closed would be lost.
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`Server listening at http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})

function cancel(text: string): string {
  const { tid, amount } = JSON.parse(text) as { tid: string; amount?: string }
  cancels += 1
  return JSON.stringify({
    cancel_tid: `C${cancels}`,
    cancel_code: '0000',
    cancel_msg: '취소 성공',
    cancel_date: '20250609132911',
    // What was paid stands at the end of the tid, as in the sandbox.
    cancel_amt: amount ?? tid.slice(tid.lastIndexOf('-') + 1),
  } satisfies CancelAnswer)
}

function send(response: ServerResponse, answer: string): void {
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(answer),
  })
  response.end(answer)
}

/** A JWT of the usual length: who reads its times need not ask again for a day. */
function createToken(): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const issuedAt = Math.floor(Date.now() / 1000)
  const claims = { iss: 'cookiepay', sub: 'shop', iat: issuedAt, exp: issuedAt + DAY_SECONDS }
  return [encode({ typ: 'JWT', alg: 'HS256' }), encode(claims), 'x'.repeat(43)].join('.')
}
