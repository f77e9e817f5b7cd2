import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { built } from '../support/built.ts'

const ROOT = new URL('../../', import.meta.url)
const [FILE = '', ...MAIN] = await built('sandbox/main.ts')

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`listens on a free port, and ends on ${signal} with requests still open`, async (t) => {
    const { child, base, output } = await start(t, ['--port', '0', '--slow-ms', '60000'])
    const health = await fetch(`${base}/healthz`)
    t.equal(health.status, 200)
    t.strictSame(await health.json(), { status: 'ok' })

    const credentials = JSON.stringify({ pay2_id: 'shop', pay2_key: 'key' })
    const { TOKEN } = (await post(base, '/payAuth/token', credentials)) as { TOKEN: string }
    const open = ['hang', 'slow', 'late', 'trickle'].map((fault) =>
      t.rejects(post(base, '/api/cancel', JSON.stringify({ tid: `${fault}-1`, reason: 'r' }), TOKEN)),
    )
    while (((await get(base, '/sandbox/cancels')) as { calls: number }).calls < open.length);

    const exit = once(child, 'exit')
    child.kill(signal)
    t.strictSame(await exit, [0, null])
    await Promise.all(open)
    t.equal(output.length, 1, 'one line of output')
  })
}

t.test('takes the lifetime of tokens', async (t) => {
  const { base } = await start(t, ['--port', '0', '--token-lifetime-ms', '120000'])
  const credentials = JSON.stringify({ pay2_id: 'shop', pay2_key: 'key' })
  const { TOKEN } = (await post(base, '/payAuth/token', credentials)) as { TOKEN: string }
  const { iat, exp } = JSON.parse(Buffer.from(String(TOKEN.split('.')[1]), 'base64url').toString())
  t.equal(exp - iat, 120)
})

t.test('says what is wrong with an option', async (t) => {
  const run = (...options: string[]) =>
    spawnSync(FILE, [...MAIN, ...options], { cwd: ROOT, encoding: 'utf8' })
  t.match(run('--port', '65536'), {
    status: 2,
    stderr: '--port takes a whole number up to 65535, not "65536"',
  })
  t.match(run('--slow-ms', '3s'), { status: 2, stderr: '--slow-ms takes a whole number' })
  t.match(run('--slow', '3'), { status: 1, stderr: /Unknown option '--slow'/ })
})

async function start(
  t: Test,
  options: string[],
): Promise<{ child: ChildProcess; base: string; output: string[] }> {
  const child = spawn(FILE, [...MAIN, ...options], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const output: string[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => output.push(line))
  const [line] = await once(lines, 'line')
  const base = /^sandbox listening on (http:\/\/127\.0\.0\.1:[0-9]+)$/.exec(line)?.[1]
  if (!base) throw new Error(`unexpected output: ${line}`)
  return { child, base, output }
}

async function get(base: string, path: string): Promise<unknown> {
  return (await fetch(base + path)).json()
}

async function post(base: string, path: string, body: string, token = ''): Promise<unknown> {
  const headers = { 'content-type': 'application/json', token, apikey: 'key' }
  return (await fetch(base + path, { method: 'POST', headers, body })).json()
}
