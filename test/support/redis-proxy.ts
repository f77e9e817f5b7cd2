import { hash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'
import { defineScripts, type ScriptedClient } from '../../src/store/lua/scripts.ts'
import type { TestRedis } from './redis.ts'

/** The commands of one refund, in the order in which they leave the gateway. */
export type Step = 'claim' | 'index' | 'begin' | 'settle' | 'release'

export type RedisProxy = Readonly<{
  /** Usable as REDIS_URL. */
  url: string
  /** Runs `act` in place of the next such command: neither it nor anything after it reaches Redis. */
  before(step: Step, act: () => void): void
  /** Runs `act` once Redis has done the next such command: neither its reply nor anything after it comes back. */
  after(step: Step, act: () => void): void
  /** Breaks the connections, those that were cut with them; the gateway connects anew. */
  breakConnections(): void
}>

type Trap = { when: 'before' | 'after'; step: Step; act: () => void }

/** Stands between a gateway and its Redis, knows the commands of a refund, and can cut the line at any of them. */
export async function startRedisProxy(t: Test, redis: TestRedis): Promise<RedisProxy> {
  let trap: Trap | undefined
  const sockets = new Set<Socket>()

  const server = createServer((client) => {
    const upstream = connect(redis.port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())

    // What each reply that is still to come is the reply to.
    const sent: (Trap | null)[] = []
    let isCut = false
    const cut = (sprung: Trap) => {
      isCut = true
      trap = undefined
      sprung.act()
    }

    client.on(
      'data',
      eachMessage((message) => {
        if (isCut) return
        const isTrapped = trap !== undefined && stepOf(wordsOf(message)) === trap.step
        if (isTrapped && trap?.when === 'before') return cut(trap)
        sent.push(isTrapped ? (trap as Trap) : null)
        upstream.write(message)
      }),
    )
    upstream.on(
      'data',
      eachMessage((message) => {
        if (isCut) return
        const sprung = sent.shift()
        if (sprung) return cut(sprung)
        client.write(message)
      }),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
    await once(server, 'close')
  })
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    before(step, act) {
      trap = { when: 'before', step, act }
    },
    after(step, act) {
      trap = { when: 'after', step, act }
    },
    breakConnections() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

const SCRIPT_STEPS: Partial<Record<string, Step>> = {
  beginRefund: 'begin',
  settleRefund: 'settle',
  releaseRefund: 'release',
}

/** The scripts as a client names them: by their text the first time, then by their SHA-1. */
const STEP_OF_SCRIPT = readScripts()

function readScripts(): ReadonlyMap<string, Step> {
  const steps = new Map<string, Step>()
  const reader = {
    defineCommand(name: string, { lua }: { lua: string }) {
      const step = SCRIPT_STEPS[name]
      if (step === undefined) return
      steps.set(lua, step)
      steps.set(hash('sha1', lua), step)
    },
  }
  defineScripts(reader as unknown as ScriptedClient)
  return steps
}

function stepOf([name = '', first = '']: readonly string[]): Step | undefined {
  switch (name.toLowerCase()) {
    case 'set':
      return first.startsWith('claim:') ? 'claim' : undefined
    case 'zadd':
      return first.startsWith('unsettled:') ? 'index' : undefined
    case 'eval':
    case 'evalsha':
      return STEP_OF_SCRIPT.get(first)
    default:
      return undefined
  }
}

/** Calls `use` with each whole message of a stream of the Redis protocol, which may come in any pieces. */
function eachMessage(use: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let end = endOf(rest, 0); end !== null; end = endOf(rest, 0)) {
      const message = rest.subarray(0, end)
      rest = rest.subarray(end)
      use(message)
    }
  }
}

/** Where the value that starts here ends, or null where the rest of it has not arrived (RESP3, "RESP protocol description"). */
function endOf(bytes: Buffer, start: number): number | null {
  const lineEnd = bytes.indexOf('\r\n', start)
  if (lineEnd < 0) return null
  const type = String.fromCharCode(bytes[start] as number)
  const count = Number(bytes.toString('latin1', start + 1, lineEnd))
  const next = lineEnd + 2
  if ('$=!'.includes(type)) {
    const end = count < 0 ? next : next + count + 2
    return end <= bytes.length ? end : null
  }
  if (!'*~>%|'.includes(type)) return next
  const perEntry = type === '%' || type === '|' ? 2 : 1
  // Attributes stand before the value that they belong to.
  const values = Math.max(0, count) * perEntry + (type === '|' ? 1 : 0)
  let end: number | null = next
  for (let index = 0; index < values && end !== null; index++) end = endOf(bytes, end)
  return end
}

/** The words of a command, which is an array of bulk strings. */
function wordsOf(command: Buffer): string[] {
  const words: string[] = []
  let position = command.indexOf('\r\n') + 2
  while (position < command.length) {
    const lineEnd = command.indexOf('\r\n', position)
    const length = Number(command.toString('latin1', position + 1, lineEnd))
    words.push(command.toString('utf8', lineEnd + 2, lineEnd + 2 + length))
    position = lineEnd + 2 + length + 2
  }
  return words
}
