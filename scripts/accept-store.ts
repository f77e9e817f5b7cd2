/**
 * `npm run accept-store -- <lost id>`: an operator says that a Redis which lost its data may be used. Reads where
 * Redis is from the same environment as the gateway.
 */
import { ConfigError, readConfig } from '../src/config.ts'
import { connectRedis } from '../src/store/connection.ts'
import { acceptStore } from '../src/store/identity.ts'

const CONNECT_WAIT_MS = 5_000

const [lostId] = process.argv.slice(2)
try {
  if (lostId === undefined || !/^[0-9a-f-]{36}$/.test(lostId)) {
    throw new Error('Give the id that the store has lost, as /readyz shows it.')
  }
  const { redis: target } = readConfig(process.env)
  if (target.kind === 'private')
    throw new Error('Set REDIS_URL or its distributed forms, as for the gateway.')
  const redis = connectRedis(target)
  redis.on('error', () => {})
  await new Promise<void>((resolve, reject) => {
    redis.once('ready', resolve)
    setTimeout(() => reject(new Error('Redis cannot be reached.')), CONNECT_WAIT_MS).unref()
  })
  const id = await acceptStore(redis, lostId)
  redis.disconnect()
  process.stdout.write(
    `The store is accepted. Its id is ${id} now; set REDIS_STORE_ID to it where that is set.\n`,
  )
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).message}\n`)
  process.exit(1)
}
