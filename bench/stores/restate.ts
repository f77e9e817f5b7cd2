import { randomInt } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { BENCH } from '../contenders.ts'
import { startServer } from '../processes.ts'

/** A durable engine, and what a server of its handlers is configured with. */
export type Restate = Readonly<{ env: Readonly<Record<string, string>>; pid: number; stop(): Promise<void> }>

/**
 * A single Restate server on loopback ports, as it comes: fsync is on, retries are its defaults. Its npm package has a
 * binary for each platform.
 */
export async function startRestate(directory: string): Promise<Restate> {
  const platform = `${process.platform}-${process.arch}`
  const binary = join(BENCH, `node_modules/@restatedev/restate-server-${platform}/bin/restate-server`)
  // Four in a row, of which the last is the handlers.
  const first = randomInt(20_000, 30_000)
  const [node, ingress, admin, handlers] = [first, first + 1, first + 2, first + 3].map(String)
  const { pid, stop } = await startServer({
    name: 'restate',
    command: [binary, '--no-logo', '--base-dir', mkdtempSync(join(directory, 'restate-'))],
    cwd: directory,
    env: {
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_BIND_PORT: `${node}`,
      RESTATE_INGRESS__BIND_PORT: `${ingress}`,
      RESTATE_ADMIN__BIND_PORT: `${admin}`,
    },
    listening: { says: /Ingress HTTP listening/, url: `http://127.0.0.1:${ingress}` },
  })
  return {
    pid,
    stop,
    env: {
      RESTATE_INGRESS_URL: `http://127.0.0.1:${ingress}`,
      RESTATE_ADMIN_URL: `http://127.0.0.1:${admin}`,
      RESTATE_HANDLER_PORT: `${handlers}`,
    },
  }
}
