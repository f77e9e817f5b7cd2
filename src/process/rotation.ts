import { readFile } from 'node:fs/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Config, RotatingPart } from '../config/config.ts'
import { ConfigError } from '../config/mistakes.ts'
import { filesOf, readPart } from '../config/read-config.ts'

/** How often the files are read. They are small, and reading them costs less than a request. */
const LOOK_INTERVAL_MS = 1_000

const PARTS: readonly RotatingPart[] = [
  'apiKeys',
  'callerLimits',
  'eventEndpoints',
  'accounts',
  'notificationSecrets',
  'tls',
  'redis',
]

export type RotationOptions = Readonly<{
  env: Readonly<Record<string, string | undefined>>
  log: FastifyBaseLogger
  /** Gets each part that has changed, once it can be read. */
  onChange(parts: Partial<Pick<Config, RotatingPart>>): void
}>

/** The texts that a part is read from, as one; a file that cannot be read stands as its error's code. */
type Snapshot = string

/**
 * Reads the files of keys, limits, endpoints, accounts and certificates again when they change. It is their content that is
 * compared: they may be written in place, replaced, or swapped behind a symbolic link, as mounted Kubernetes
 * secrets are. A change counts when two looks in a row see the same, since a file may be read while it is
 * being written. What cannot be read changes nothing and is logged, once.
 */
export function watchRotation({ env, log, onChange }: RotationOptions): Readonly<{ stop(): void }> {
  const watched = PARTS.map((part) => ({ part, files: filesOf(part, env) })).filter(
    ({ files }) => files.length > 0,
  )
  let timer: NodeJS.Timeout | undefined
  let isStopped = false

  function take({ part, taken }: State): void {
    try {
      onChange({ [part]: readPart(part, env) })
      if (taken !== null) log.info({ part }, 'rotated: the files were read again')
    } catch (error) {
      // OpenSSL refuses more than what is wrong with a text, such as a key that is too short.
      const mistakes = error instanceof ConfigError ? error.mistakes : [(error as Error).message]
      log.error({ part, mistakes }, 'not rotated: what was read last stays in force')
    }
  }

  async function look(states: readonly State[]): Promise<void> {
    for (const state of states) {
      const seen = await snapshot(state.files)
      const isSettled = seen === state.seen
      state.seen = seen
      if (isStopped || !isSettled || seen === state.taken) continue
      take(state)
      state.taken = seen
    }
    schedule(states)
  }

  function schedule(states: readonly State[]): void {
    if (!isStopped) timer = setTimeout(() => void look(states), LOOK_INTERVAL_MS).unref()
  }

  if (watched.length > 0) {
    // What they hold now is taken too, and not called a rotation: they may have changed since the start read
    // them.
    schedule(watched.map((files) => ({ ...files, seen: null, taken: null })))
  }
  return {
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

type State = {
  readonly part: RotatingPart
  readonly files: readonly string[]
  seen: Snapshot | null
  taken: Snapshot | null
}

async function snapshot(files: readonly string[]): Promise<Snapshot> {
  const texts = await Promise.all(
    files.map((file) =>
      readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => `cannot be read: ${error.code}`),
    ),
  )
  return JSON.stringify(texts)
}
