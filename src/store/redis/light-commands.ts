import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

/** What Redis replies, as ioredis's parser gives it. */
type Reply = Buffer | number | null | Reply[]

type Socket = Redis['stream']

type Argument = string | number

/** The plain commands of each refund and each replay. */
const PLAIN = ['get', 'hget', 'set', 'zadd', 'zrem', 'pexpire'] as const

/**
 * Has a client send these, and the scripts that it is taught from now on, as light commands. ioredis makes for each
 * command a timer, three closures over it and two promises, which is half of what a command costs; the guarantees of a
 * command are in ioredis's queue, and stay there. Not for a Cluster's client, which asks more of a command.
 */
export function sendLightly(client: Redis): void {
  const deadlines = createDeadlines()
  const send = (command: LightCommand) =>
    client.sendCommand(command as unknown as Parameters<Redis['sendCommand']>[0])

  const light: Record<string, unknown> = {}
  for (const name of PLAIN) {
    light[name] = (...given: Argument[]) => send(new LightCommand({ name, given, deadlines }))
  }
  light.defineCommand = (name: string, { lua, numberOfKeys }: { lua: string; numberOfKeys: number }) => {
    const script = createScript(lua, { numberOfKeys, send })
    Object.assign(client, {
      [name]: (...given: Argument[]) => send(new LightCommand({ name: 'evalsha', given, deadlines, script })),
    })
  }
  Object.assign(client, light)
}

type LightCommandParts = Readonly<{
  name: string
  /** What follows the name; of a script, its keys and arguments. */
  given: readonly Argument[]
  deadlines: Deadlines
  script?: Script
}>

/**
 * A command as ioredis's connection handles it, with nothing but what that asks of it (Command.js of ioredis). Its place
 * in the queue, its end with the connection, and its refusal where there is none are ioredis's.
 */
class LightCommand {
  readonly name: string
  /** For errors and traces, which are to hold none. */
  readonly args: readonly string[] = NO_ARGS
  readonly inTransaction = false
  isTraced = false
  isSettled = false
  readonly promise: Promise<unknown>
  // Members, since tracing puts its own in their place; and closures, since it calls them without their command.
  resolve!: (reply: Reply) => void
  reject!: (error: Error) => void
  /** By `performance.now()`, once it was sent. */
  deadline = 0
  /** What was sent next. */
  next: LightCommand | undefined = undefined
  readonly #parts: LightCommandParts
  #isWhole = false

  constructor(parts: LightCommandParts) {
    this.name = parts.name
    this.#parts = parts
    this.promise = new Promise((resolve, reject) => {
      this.resolve = (reply) => {
        this.isSettled = true
        resolve(readReply(reply))
      }
      this.reject = (error) => {
        if (this.isSettled) return
        const { script } = parts
        // Nothing was run: the server has forgotten its scripts. Once more within the same deadline, and whole.
        if (script !== undefined && !this.#isWhole && error.message.startsWith('NOSCRIPT')) {
          script.sendWhole(this)
          return
        }
        this.isSettled = true
        reject(error)
      }
    })
  }

  /** Called by ioredis where a client has a `commandTimeout`. */
  setTimeout(ms: number): void {
    if (this.deadline === 0) this.#parts.deadlines.add(this, ms)
  }

  /** What is written to the socket. Made here and not kept: its text is larger than what it says. */
  toWritable(socket: Socket): string {
    const { script, given } = this.#parts
    if (script === undefined) return `*${given.length + 1}\r\n${bulk(this.name)}${bulks(given)}`
    this.#isWhole = script.knownOn !== socket
    script.knownOn = socket
    return `*${given.length + 3}\r\n${this.#isWhole ? script.whole : script.byHash}${bulks(given)}`
  }

  setReplyContext(): void {}
  setBlockingTimeout(): void {}
}

const NO_ARGS: readonly string[] = []

type Script = {
  /** The command with the script itself or its hash, and how many keys it has. */
  readonly whole: string
  readonly byHash: string
  /** The connection that has it: each is given it whole once, before it is called by its hash. */
  knownOn: Socket | undefined
  sendWhole(command: LightCommand): void
}

function createScript(
  lua: string,
  { numberOfKeys, send }: Readonly<{ numberOfKeys: number; send(command: LightCommand): unknown }>,
): Script {
  const hash = createHash('sha1').update(lua).digest('hex')
  const keyCount = bulk(String(numberOfKeys))
  return {
    whole: bulk('eval') + bulk(lua) + keyCount,
    byHash: bulk('evalsha') + bulk(hash) + keyCount,
    knownOn: undefined,
    sendWhole(command) {
      this.knownOn = undefined
      send(command)
    },
  }
}

type Deadlines = Readonly<{ add(command: LightCommand, ms: number): void }>

/**
 * One timer for all commands that wait for their answer. All have the same time and are answered in their order, so that
 * the first one is the next to be late. A late one is not sent again: what became of it is not known.
 */
function createDeadlines(): Deadlines {
  let first: LightCommand | undefined
  let last: LightCommand | undefined
  let isTimerSet = false

  function forgetSettled(): void {
    while (first?.isSettled) {
      const { next } = first
      // One that has grown old would keep all that were sent after it, until old objects are collected.
      first.next = undefined
      first = next
    }
  }

  function look(): void {
    const now = performance.now()
    forgetSettled()
    while (first !== undefined && first.deadline <= now) {
      first.reject(new Error('Command timed out'))
      forgetSettled()
    }
    isTimerSet = first !== undefined
    if (first !== undefined) setTimer(first.deadline - now)
  }

  // The connection keeps the process, as long as a command is under way on it.
  const setTimer = (ms: number) => setTimeout(look, Math.ceil(ms)).unref()

  return {
    add(command, ms) {
      command.deadline = performance.now() + ms
      forgetSettled()
      if (first === undefined) first = command
      else if (last !== undefined) last.next = command
      last = command
      if (isTimerSet) return
      isTimerSet = true
      setTimer(ms)
    },
  }
}

/** Text of RESP; a number is written as JavaScript writes it. */
function bulks(given: readonly Argument[]): string {
  let text = ''
  for (const one of given) text += bulk(typeof one === 'string' ? one : String(one))
  return text
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
}

/** Texts in place of bytes. */
function readReply(reply: Reply): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString('utf8')
  return Array.isArray(reply) ? reply.map(readReply) : reply
}
