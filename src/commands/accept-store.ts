import { parseArgs } from 'node:util'
import type { Config } from '../config/config.ts'
import { readConfig } from '../config/read-config.ts'
import type { RedisClient } from '../store/lua/scripts.ts'
import { acceptStore, hasStoreId } from '../store/redis/store-id.ts'
import { acceptGoneBack, timeText } from '../store/redis/store-mark.ts'
import { acceptCallers, acceptSecrets } from '../store/redis/store-terms.ts'
import { connect } from './parts/connect.ts'
import { runCommand } from './parts/run-command.ts'

const USAGE = `Accepts a store that has lost something, so that refunds are taken again. Gateways that run take it over within a
second or so.

Usage, in the environment of the gateway, with what /readyz shows:

  npm run accept-store -- <store id>          the store has lost its id: it is empty, or another one
  npm run accept-store -- --gone-back=<time>  it has gone back: what was written until then is remembered, and lost
  npm run accept-store -- --secrets           it was written under secrets that are no longer known
  npm run accept-store -- --from-open         an open gateway wrote it, and there are API_KEYS now
  npm run accept-store -- --from-keys         a gateway with API_KEYS wrote it, and there are none now

In the image: node dist/commands/accept-store.js instead of npm run accept-store --.
Each accepts that repeats of earlier requests may be sent a second time: read docs/runbook.md#refundstorenotdurable first.`

/** What an operator accepts, and how it is told. */
type Loss = (redis: RedisClient, config: Config) => Promise<string>

const acceptId =
  (lostId: string): Loss =>
  async (redis) => {
    if (await hasStoreId(redis, lostId))
      throw new Error(`The store has this id, whole: ${lostId} is not lost.`)
    const id = await acceptStore(redis, lostId)
    return `The store is accepted in the place of ${lostId}. Its id is ${id} now: set REDIS_STORE_ID to it where that is set.`
  }

const acceptTime =
  (remembered: string): Loss =>
  async (redis) => {
    const { since } = await acceptGoneBack(redis, remembered)
    const from = since === 0 ? 'before' : `between ${timeText(since)} and`
    return `It is accepted that what was written ${from} ${remembered} is lost. Nothing is to be set.`
  }

const acceptOtherSecrets: Loss = async (redis, config) => {
  const isAccepted = await acceptSecrets(redis, config.storeSecrets)
  if (!isAccepted) throw new Error('One of STORE_SECRETS is known to the store: nothing is to accept.')
  return 'It is accepted that what was written under other secrets is not replayed. The newest of STORE_SECRETS is known to the store now: all gateways are to have it.'
}

const acceptCallersFrom =
  (from: 'open' | 'keys'): Loss =>
  async (redis) => {
    const writer = from === 'open' ? 'An open gateway' : 'A gateway with API_KEYS'
    if (!(await acceptCallers(redis, from))) {
      throw new Error(`${writer} did not write this store: nothing is to accept.`)
    }
    const to = from === 'open' ? 'with API_KEYS' : 'without API_KEYS'
    return `It is accepted that keys change their owner, so that earlier requests are not replayed. From now on gateways are to run ${to}.`
  }

/** What the arguments name. Throws an Error where they name nothing, or more than one loss. */
function readLoss(args: readonly string[]): Loss {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      'gone-back': { type: 'string' },
      secrets: { type: 'boolean' },
      'from-open': { type: 'boolean' },
      'from-keys': { type: 'boolean' },
    },
  })
  const losses = [
    ...positionals.map((id) => {
      if (!/^[0-9a-f-]{36}$/.test(id)) throw new Error(`Not a store id: ${JSON.stringify(id)}`)
      return acceptId(id)
    }),
    ...(values['gone-back'] === undefined ? [] : [acceptTime(values['gone-back'])]),
    ...(values.secrets ? [acceptOtherSecrets] : []),
    ...(values['from-open'] ? [acceptCallersFrom('open')] : []),
    ...(values['from-keys'] ? [acceptCallersFrom('keys')] : []),
  ]
  const [loss] = losses
  if (loss === undefined || losses.length > 1) throw new Error('Name one loss.')
  return loss
}

async function accept(loss: Loss): Promise<string> {
  const config = readConfig(process.env)
  const { redis, close } = await connect(config)
  try {
    return await loss(redis, config)
  } finally {
    await close()
  }
}

await runCommand({
  usage: USAGE,
  read: readLoss,
  async run(loss, print) {
    print(await accept(loss))
    return true
  },
})
