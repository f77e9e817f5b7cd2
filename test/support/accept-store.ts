import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { built } from './built.ts'

const ROOT = new URL('../../', import.meta.url)

/** The arguments of the command that a text names, such as the detail of `/readyz`. */
export function namedArguments(detail: string): string[] {
  const [, named] = /npm run accept-store -- (\S+) \(in the image: /.exec(detail) ?? []
  if (named === undefined) throw new Error(`names no command: ${detail}`)
  return [named]
}

/** Runs the command in a process of its own, with the environment of a gateway. */
export async function runAcceptStore(args: readonly string[], env: Readonly<Record<string, string>>) {
  const [file = '', ...command] = await built('commands/accept-store.ts')
  const child = spawn(file, [...command, ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      COOKIEPAY_ID: 'shop',
      COOKIEPAY_KEY: 'shop-key',
      COOKIEPAY_PG: 'toss',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { status: status as number | null, stdout, stderr }
}
