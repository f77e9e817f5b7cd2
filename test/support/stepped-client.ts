import type { ScriptedClient } from '../../src/store/lua/scripts.ts'

/** A command that a client has sent, and whose reply it has not read. */
export type SentCommand = Readonly<{
  name: string
  args: readonly unknown[]
  /** Set once Redis has done it. */
  reply?: { value: unknown }
}>

type Waiting = SentCommand & {
  resolve(reply: unknown): void
  reject(error: Error): void
  reply?: { value: unknown }
}

/** A client of Redis whose commands are done, one by one and in their order, when the test says so. */
export type SteppedClient = Readonly<{
  redis: ScriptedClient
  /** The command that is answered next; undefined where there is none. */
  next(): SentCommand | undefined
  /** Has Redis do the next command, unless it has, and gives the client the reply. */
  step(): Promise<void>
  /** Has Redis do everything that was sent. The client reads no reply yet, like a process that is paused. */
  arrive(): Promise<void>
  /** Has Redis do the next so many commands, then breaks the connection; answers what was not done. */
  breakOff(done: number): Promise<SentCommand[]>
  /** The same for a process that is killed: its connection ends, and nobody is left to notice. */
  kill(done: number): Promise<SentCommand[]>
}>

/** What does a command on the real Redis. */
export type Execute = (command: SentCommand) => Promise<unknown>

export function createSteppedClient(execute: Execute): SteppedClient {
  let waiting: Waiting[] = []
  let isKilled = false

  const send = (name: string, args: unknown[]) =>
    new Promise((resolve, reject) => {
      if (!isKilled) waiting.push({ name, args, resolve, reject })
    })
  const done = async (command: Waiting) => {
    command.reply ??= { value: await execute(command) }
    return command.reply.value
  }
  const step = async () => {
    const next = waiting.shift()
    if (next !== undefined) next.resolve(await done(next))
  }
  const end = async (count: number) => {
    const cut = waiting
    waiting = []
    for (const command of cut.slice(0, count)) await done(command)
    return cut
  }
  const lost = (cut: readonly Waiting[]) => cut.filter(({ reply }) => reply === undefined)

  return {
    redis: new Proxy({} as ScriptedClient, {
      get:
        (_, name) =>
        (...args: unknown[]) =>
          send(String(name), args),
    }),
    next: () => waiting[0],
    step,
    async arrive() {
      for (const command of waiting) await done(command)
    },
    async breakOff(count) {
      const cut = await end(count)
      for (const { reject } of cut) reject(new Error('the connection broke'))
      return lost(cut)
    },
    async kill(count) {
      isKilled = true
      return lost(await end(count))
    },
  }
}
