import { type Account, type Config, longestTimeoutMs, type RotatingPart } from '../config/config.ts'
import type { CookiePay } from '../cookiepay/client.ts'
import type { Listener } from '../http/access/listener.ts'
import type { CallerLimits } from '../refunds/caller-limits.ts'
import { leaseMs } from '../refunds/lease.ts'
import { type MerchantAccount, merchantOf } from '../refunds/merchant.ts'
import { sameServer } from '../store/redis/connection.ts'
import type { EventDelivery } from '../webhooks/delivery.ts'
import { longestAnswerMs } from './closing.ts'

/** What was read again, part by part. */
export type RotatedParts = Partial<Pick<Config, RotatingPart>>

/** The settings that change while the gateway runs, as they are now. */
export type LiveSettings = {
  apiKeys: Config['apiKeys']
  /** The limits of each caller that has any. */
  limitsByCaller: ReadonlyMap<string, CallerLimits>
  accounts: Config['accounts']
  notificationSecrets: Config['notificationSecrets']
  redis: Config['redis']
  /** One map for ever, which the routes and the flow hold. */
  readonly accountsByName: Map<string, MerchantAccount>
  /**
   * The longest timeout of all accounts that there were: what was begun with one that is gone ends as it
   * began.
   */
  longestTimeoutMs: number
}

/** The settings of a gateway that starts. */
export function liveSettingsOf(config: Config): LiveSettings {
  const { apiKeys, callerLimits, accounts, notificationSecrets, redis, cookiepay } = config
  return {
    apiKeys,
    limitsByCaller: byCaller(callerLimits),
    accounts,
    notificationSecrets,
    redis,
    accountsByName: new Map(termsOf(accounts, cookiepay.connectTimeoutMs)),
    longestTimeoutMs: longestTimeoutMs(accounts),
  }
}

/** Who works with settings and must be told of new ones. */
export type Followers = Readonly<{
  connectTimeoutMs: number
  provider: Pick<CookiePay, 'setAccounts'>
  listener: Pick<Listener, 'renewTls' | 'setLongestAnswer'>
  events: Pick<EventDelivery, 'setEndpoints'>
}>

/**
 * Puts what was read again in force. Throws an Error where the Redis is another one: nothing changes then.
 */
export function rotate(live: LiveSettings, rotated: RotatedParts, followers: Followers): void {
  if (rotated.redis !== undefined) live.redis = sameServer(live.redis, rotated.redis)
  if (rotated.apiKeys !== undefined) live.apiKeys = rotated.apiKeys
  if (rotated.callerLimits !== undefined) live.limitsByCaller = byCaller(rotated.callerLimits)
  if (rotated.notificationSecrets !== undefined) live.notificationSecrets = rotated.notificationSecrets
  if (rotated.eventEndpoints !== undefined) followers.events.setEndpoints(rotated.eventEndpoints)
  if (rotated.tls) followers.listener.renewTls(rotated.tls)
  if (rotated.accounts !== undefined) rotateAccounts(live, rotated.accounts, followers)
}

function byCaller(callerLimits: Config['callerLimits']): LiveSettings['limitsByCaller'] {
  return new Map(callerLimits.map(({ caller, limits }) => [caller, limits]))
}

function rotateAccounts(
  live: LiveSettings,
  accounts: readonly Account[],
  { connectTimeoutMs, provider, listener }: Followers,
): void {
  live.accounts = accounts
  provider.setAccounts(accounts)
  // Within one turn of the event loop: nobody sees the map without them.
  live.accountsByName.clear()
  for (const [name, terms] of termsOf(accounts, connectTimeoutMs)) live.accountsByName.set(name, terms)
  live.longestTimeoutMs = Math.max(live.longestTimeoutMs, longestTimeoutMs(accounts))
  listener.setLongestAnswer(longestAnswerMs({ connectTimeoutMs, timeoutMs: live.longestTimeoutMs }))
}

function termsOf(accounts: readonly Account[], connectTimeoutMs: number): [string, MerchantAccount][] {
  return accounts.map(({ name, id, pg, timeoutMs, spacingMs }) => {
    const merchant = merchantOf(id)
    return [name, { name, merchant, pg, leaseMs: leaseMs({ connectTimeoutMs, timeoutMs }), spacingMs }]
  })
}
