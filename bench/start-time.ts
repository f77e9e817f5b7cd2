import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { onAllCores } from './machine.ts'
import { startServer } from './processes.ts'

export type StartOptions = Readonly<{
  command: readonly string[]
  /** Where 200 says that it is ready; one without takes any answer for it. */
  probe: string | null
  env: Readonly<Record<string, string>>
  directory: string
}>

const POLL_MS = 2

/** From the start of the process until it is ready, in milliseconds, once for each try of each server, in turns. */
export async function measureStarts(
  servers: readonly StartOptions[],
  tries: number,
): Promise<readonly number[][]> {
  const times = servers.map((): number[] => [])
  // The first start of each fills the caches of files and of compiled code, and does not count.
  for (let number = -1; number < tries; number += 1) {
    for (const [index, server] of servers.entries()) {
      const ms = await measureStart(server)
      if (number >= 0) times[index]?.push(ms)
    }
  }
  return times
}

async function measureStart({ command, probe, env, directory }: StartOptions): Promise<number> {
  const port = await freePort()
  const startedAt = performance.now()
  const starting = startServer({
    name: 'started',
    command: onAllCores(command),
    cwd: directory,
    env: { ...env, PORT: String(port) },
  })
  // Where it cannot start, startServer says why.
  const ready = untilReady(`http://127.0.0.1:${port}`, probe).then(() => performance.now() - startedAt)
  const server = await starting
  const durationMs = await ready
  await server.stop()
  return durationMs
}

async function untilReady(url: string, probe: string | null): Promise<void> {
  const isReady = () =>
    fetch(url + (probe ?? '/')).then(
      ({ ok }) => ok || probe === null,
      () => false,
    )
  while (!(await isReady())) await sleep(POLL_MS)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
