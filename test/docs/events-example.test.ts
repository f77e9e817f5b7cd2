import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { keys } from '../../src/store/keys.ts'
import { until as untilWithin } from '../support/calls.ts'
import { eventSecret } from '../support/event-receiver.ts'
import { refundRequest, startAll } from '../support/gateway.ts'
import { withRedis } from '../support/redis-content.ts'

/** Events wait for nobody, but a machine may be busy. */
const until = (what: string, isThere: Parameters<typeof untilWithin>[1]) => untilWithin(what, isThere, 30_000)

/** The receiver that the page shows. */
function exampleOf(page: string): string {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8')
  const [, block = ''] = /A receiver without any library[^\n]*\n\n((?:(?: {4}.*)?\n)+)/.exec(text) ?? []
  return block.replace(/^ {4}/gm, '')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Runs the example as a reader would. */
async function runExample(t: Test, env: Record<string, string>) {
  const file = join(t.testdir({ 'receiver.mjs': exampleOf('docs/calling.md') }), 'receiver.mjs')
  const child: ChildProcess = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await once(child, 'close')
  })
  const url = `http://127.0.0.1:${env.PORT}/`
  await until('the example listens', () =>
    fetch(url, { method: 'POST', body: '{}' }).then(
      () => true,
      () => false,
    ),
  )
  return { url, output: () => output }
}

t.test('the receiver of the page takes events, and nothing that is not signed', async (t) => {
  const secret = eventSecret()
  const receiver = await runExample(t, { PORT: String(await freePort()), EVENT_SECRET: secret })
  const endpoint = { name: 'orders', url: receiver.url, secret }
  const { refund, redis } = await startAll(t, { EVENT_ENDPOINTS: JSON.stringify([endpoint]) })
  await until('it is met', () =>
    withRedis(redis, async (client) => (await client.hexists(keys.eventEndpoints, 'orders')) === 1),
  )
  const { body } = await refund(refundRequest())
  await until('it is told', () => receiver.output().includes(body.id))
  t.equal(receiver.output(), `refund.succeeded ${body.id} is succeeded\n`)
  const forged = await fetch(receiver.url, {
    method: 'POST',
    headers: {
      'webhook-id': 'evt_1',
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
    },
    body: '{"type":"refund.succeeded","data":{}}',
  })
  t.equal(forged.status, 401)
  t.equal((await fetch(receiver.url, { method: 'POST', body: '{}' })).status, 401)
})
