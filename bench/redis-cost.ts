import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { sendOnce } from './load.ts'
import { startCountingProxy, type Traffic } from './redis-proxy.ts'
import type { RequestWriter } from './requests.ts'
import { type Kind, medianOf, type RedisCost } from './results.ts'

/** The first requests fill what is filled once: scripts, tokens, connections. */
const UNCOUNTED = 20
const COUNTED = 50

/** For what follows an answer, and for the monitor's report of it. */
const AFTERMATH_MS = 15

export type CostMeter = Readonly<{
  /** Stands in for Redis's own port. */
  port: number
  /** What Redis is asked for one request of this kind; requests are made one at a time. */
  measure(url: string, requests: RequestWriter, kind: Kind): Promise<RedisCost>
  stop(): Promise<void>
}>

/** Counts on the line to Redis what travels, and with MONITOR what is run. */
export async function startCostMeter(redis: Redis, redisPort: number): Promise<CostMeter> {
  const proxy = await startCountingProxy(redisPort)
  const commands = await countCommands(redis)

  async function observe(url: string, request: string): Promise<RedisCost> {
    proxy.take()
    commands.take()
    const status = await sendOnce(url, request)
    if (status !== '201') throw new Error(`answered ${status} instead of 201`)
    await sleep(AFTERMATH_MS)
    return { ...proxy.take(), ...commands.take() }
  }

  return {
    port: proxy.port,
    async measure(url, requests, kind) {
      const observed: RedisCost[] = []
      for (let count = 0; count < UNCOUNTED; count += 1) await observe(url, requests.next())
      for (let count = 0; count < COUNTED; count += 1) {
        observed.push(await observe(url, kind === 'new' ? requests.next() : requests.again()))
      }
      return medianCost(observed)
    },
    async stop() {
      commands.stop()
      await proxy.stop()
    },
  }
}

type Commands = Readonly<{ commandsSent: number; commandsInScripts: number }>

async function countCommands(redis: Redis): Promise<{ take(): Commands; stop(): void }> {
  let commandsSent = 0
  let commandsInScripts = 0
  const monitor = await redis.monitor()
  monitor.on('monitor', (_time: string, _command: string[], source: string) => {
    if (source === 'lua') commandsInScripts += 1
    else commandsSent += 1
  })
  return {
    take() {
      const taken = { commandsSent, commandsInScripts }
      commandsSent = 0
      commandsInScripts = 0
      return taken
    },
    stop: () => monitor.disconnect(),
  }
}

/** Of each figure by itself: what runs in the background now and then is in few of them. */
function medianCost(observed: readonly RedisCost[]): RedisCost {
  const median = (member: keyof (Traffic & Commands)) =>
    medianOf(observed.map((cost) => cost[member]).sort((a, b) => a - b))
  return {
    roundTrips: median('roundTrips'),
    commandsSent: median('commandsSent'),
    commandsInScripts: median('commandsInScripts'),
    bytesToRedis: median('bytesToRedis'),
    bytesFromRedis: median('bytesFromRedis'),
  }
}
