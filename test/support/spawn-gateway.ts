import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import type { Test } from 'tap'
import { built } from './built.ts'
import { until } from './calls.ts'
import { client, type TestGateway } from './gateway.ts'

const ROOT = new URL('../../', import.meta.url)

export type SpawnedGateway = Pick<TestGateway, 'request' | 'refund'> &
  Readonly<{
    url: string
    pid: number
    /** All that it has written so far, stdout and stderr. */
    output(): string
    signal(signal: NodeJS.Signals): void
    /** To all processes that `command` started. */
    signalGroup(signal: NodeJS.Signals): void
    stdout: Readable
    /** Its exit status, or the signal that ended it. */
    ended: Promise<number | NodeJS.Signals>
  }>

/** A gateway in a process of its own on a free port, once it is ready to take refunds. Ends with the test. */
export async function spawnGateway(
  t: Test,
  env: Record<string, string>,
  { readyStatus = 200, command = COMMAND }: { readyStatus?: number; command?: readonly string[] } = {},
): Promise<SpawnedGateway> {
  const full = {
    COOKIEPAY_ID: 'shop',
    COOKIEPAY_KEY: 'shop-key',
    COOKIEPAY_PG: 'toss',
    RESOLVE_FAILED_AFTER_MS: '300',
    COOKIEPAY_PAYMENT_SPACING_MS: '0',
    PORT: '0',
    ...env,
  }
  const { child, written, ended } = run(t, full, command)
  const output = () => written.stdout + written.stderr
  let status: number | string | undefined
  void ended.then((how) => {
    status = how
  })
  let url: string | undefined
  let operationsUrl: string | undefined
  await until(
    'a gateway that listens',
    () => {
      if (status !== undefined) throw new Error(`the gateway ended with ${status}: ${output()}`)
      // The port of the operations, where there is one, is opened first.
      const urls = [...written.stdout.matchAll(/Server listening at (https?:\/\/[^"]+)"/g)].map(
        ([, at]) => at,
      )
      url = urls[env.OPERATIONS_PORT === undefined ? 0 : 1]
      operationsUrl = urls[0]
      return url !== undefined
    },
    30_000,
  )
  const { request, refund } = client(url as string)
  const probe = client(operationsUrl as string)
  const probedStatus = () =>
    probe
      .request('/readyz')
      .then(({ status }) => status)
      .catch(() => null)
  await until('a gateway that is ready', async () => (await probedStatus()) === readyStatus)
  return {
    url: url as string,
    pid: child.pid as number,
    request,
    refund,
    output,
    signal: (signal) => child.kill(signal),
    signalGroup: (signal) => process.kill(-(child.pid as number), signal),
    stdout: child.stdout as Readable,
    ended,
  }
}

/** A start that is expected to come to nothing: its exit status and what it wrote. */
export async function runGateway(t: Test, env: Record<string, string>) {
  const { written, ended } = run(t, env, COMMAND)
  return { status: await ended, ...written }
}

/** How a gateway is started. */
export const COMMAND = await built('server.ts')

function run(t: Test, env: Record<string, string>, command: readonly string[]) {
  const [file = '', ...args] = command
  const isGroup = command !== COMMAND
  const child: ChildProcess = spawn(file, args, {
    cwd: ROOT,
    // What is started through another program has a group of its own, which can be signalled as a supervisor does.
    detached: isGroup,
    // Nothing of the environment that the tests run in, but for where programs are found.
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      written[name] += text
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals)
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      process.kill(isGroup ? -(child.pid as number) : (child.pid as number), 'SIGKILL')
    }
    await ended
  })
  return { child, written, ended }
}
