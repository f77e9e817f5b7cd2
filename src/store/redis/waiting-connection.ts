import { Cluster } from 'ioredis'
import { defineScripts, type RedisClient, type ScriptedClient } from '../lua/scripts.ts'

/** A connection on which WAIT and WAITAOF keep nobody waiting. */
export type WaitingConnection = Readonly<{
  /** Rejects where it cannot connect. */
  open(): Promise<ScriptedClient>
  close(): void
}>

/** Goes where this one goes, as it would connect now: made when it is first needed, and again when it was lost. */
export function createWaitingConnection(redis: RedisClient): WaitingConnection {
  let own: ScriptedClient | undefined

  return {
    async open() {
      if (own === undefined || own.status === 'end') {
        own = defineScripts(
          redis instanceof Cluster
            ? redis.duplicate([], { clusterRetryStrategy: () => null })
            : redis.duplicate({ retryStrategy: () => null }),
        )
        own.on('error', () => {})
      }
      const opened = own
      if (opened.status !== 'ready') {
        await new Promise<void>((resolve, reject) => {
          opened.once('ready', resolve)
          opened.once('end', () => reject(new Error('the connection was lost')))
        })
      }
      return opened
    },
    close: () => own?.disconnect(),
  }
}
