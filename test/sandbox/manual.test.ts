import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { startSandbox } from '../support/sandbox.ts'

const KEY = 'cookiepayments에서 발급받은 연동키'
const TID = '결제 후 응답받은 PG사 거래 고유번호'

/** The manual's cURL calls, as they stand. */
const TOKEN_CALL = `curl -H "Content-Type: application/json" \\
     -d '{
            "pay2_id": "cookiepayments에서 발급받은 ID",
            "pay2_key": "cookiepayments에서 발급받은 연동키"
         }' \\
     -X POST "{요청도메인}/payAuth/token"`
const CANCEL_CALL = `curl -H "Content-Type: application/json" \\
     -H "TOKEN: TOKEN API통해 발행된 TOKEN 값" \\
     -H "ApiKey: cookiepayments에서 발급받은 연동키" \\
     -d '{
            "tid": "결제 후 응답받은 PG사 거래 고유번호",
            "reason": "취소사유"
         }' \\
     -X POST "{요청도메인}/api/cancel"`

const noCurl = spawnSync('curl', ['--version']).status === 0 ? false : 'no curl here'

t.test('the calls of the manual, by curl', { skip: noCurl }, async (t) => {
  const { base } = await startSandbox(t)
  const run = async (call: string) => {
    const command = call.replace('curl', 'curl -sS').replace('{요청도메인}', base)
    return JSON.parse((await promisify(execFile)('sh', ['-c', command])).stdout)
  }
  const { RTN_CD, TOKEN } = await run(TOKEN_CALL)
  t.equal(RTN_CD, '0000')
  const answer = await run(CANCEL_CALL.replace('TOKEN API통해 발행된 TOKEN 값', TOKEN))
  t.match(answer, { cancel_code: '0000', cancel_amt: '10000' })
  t.match(await run(CANCEL_CALL), { RTN_CD: '9002' }, 'with its placeholder for a token')
})

t.test('the calls of the manual, by fetch', async (t) => {
  const { base, cancels } = await startSandbox(t)
  const post = async (path: string, headers: Record<string, string>, body: string) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body }
    return (await fetch(base + path, init)).json() as Promise<{ TOKEN: string }>
  }
  const tokenBody = `{
            "pay2_id": "cookiepayments에서 발급받은 ID",
            "pay2_key": "${KEY}"
         }`
  const token = await post('/payAuth/token', {}, tokenBody)
  t.match(token, { RTN_CD: '0000' })
  // The bytes that curl sends; fetch takes them as latin1 only.
  const apiKey = Buffer.from(KEY, 'utf8').toString('latin1')
  const cancelBody = `{
            "tid": "${TID}",
            "reason": "취소사유"
         }`
  const answer = await post('/api/cancel', { TOKEN: token.TOKEN, ApiKey: apiKey }, cancelBody)
  t.match(answer, { cancel_code: '0000', cancel_amt: '10000' })
  t.match(await cancels(TID), { calls: 1, applied_total: 10_000 })
})

t.test('the calls of the manual as PHP makes them: charset stated, Korean escaped', async (t) => {
  const { base, issueToken } = await startSandbox(t)
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    TOKEN: await issueToken('shop', KEY),
    ApiKey: Buffer.from(KEY, 'utf8').toString('latin1'),
  }
  const body = '{"tid":"\\uac70\\ub798-700","reason":"\\ucde8\\uc18c\\uc0ac\\uc720"}'
  const response = await fetch(`${base}/api/cancel`, { method: 'POST', headers, body })
  t.match(await response.json(), { cancel_code: '0000', cancel_amt: '700' })
})

t.test('the C# sample sends an empty tid, and is refused', async (t) => {
  const { cancel } = await startSandbox(t)
  t.match(await cancel({ tid: '', reason: '고객변심' }), { cancel_code: '1001', cancel_msg: /tid/ })
})
