import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { onAllCores } from './machine.ts'
import { startServer } from './processes.ts'

export type StartOptions = Readonly<{
  command: readonly string[]
  env: Readonly<Record<string, string>>
  directory: string
  tries: number
}>

const POLL_MS = 2

/** From the start of the process until `/readyz` answers 200, in milliseconds, once for each try. */
export async function measureStarts(options: StartOptions): Promise<number[]> {
  const times: number[] = []
  for (let number = 0; number < options.tries; number += 1) times.push(await measureStart(options))
  return times
}

async function measureStart({ command, env, directory }: StartOptions): Promise<number> {
  const port = await freePort()
  const startedAt = performance.now()
  const starting = startServer({
    name: 'gateway',
    command: onAllCores(command),
    cwd: directory,
    env: { ...env, PORT: String(port) },
  })
  // Where it cannot start, startServer says why.
  const ready = untilReady(`http://127.0.0.1:${port}/readyz`).then(() => performance.now() - startedAt)
  const server = await starting
  const durationMs = await ready
  await server.stop()
  return durationMs
}

async function untilReady(url: string): Promise<void> {
  const isReady = () =>
    fetch(url).then(
      ({ ok }) => ok,
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
