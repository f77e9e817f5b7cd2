import type { Config } from '../../config/config.ts'
import { longestTimeoutMs } from '../../config/config.ts'
import type { TokenStore } from '../../cookiepay/tokens.ts'
import { leaseMs } from '../../refunds/lease.ts'
import type { Journal } from '../../refunds/ports/journal.ts'
import type { Reconciliations } from '../../refunds/ports/reconciliations.ts'
import type { RefundStore } from '../../refunds/ports/store.ts'
import { createCallerAllowances } from '../../store/caller-limits.ts'
import { createReconciliations } from '../../store/reconciliations.ts'
import { createBarrier } from '../../store/redis/barrier.ts'
import { watchServerTime } from '../../store/redis/server-time.ts'
import { watchStore } from '../../store/redis/watch-store.ts'
import { createRefundStore } from '../../store/refund-store.ts'
import { createTokenStore, keyHolderOf } from '../../store/token-store.ts'
import { connect } from './connect.ts'

/** The store of the gateway, for a command. */
export type CommandStore = Readonly<{
  store: RefundStore
  journal: Journal
  runs: Reconciliations
  tokenStore: TokenStore
  close(): Promise<void>
}>

/**
 * Opens the store as the gateway does, and leaves its mark alone. Throws an Error where it cannot be reached, or is
 * not one that the gateway would take refunds with.
 */
export async function openStore(config: Config): Promise<CommandStore> {
  const { redis, close: disconnect } = await connect(config)
  const { durability } = watchStore(redis, config, { mayWrite: false, report() {}, onChange() {} })
  const clock = () => performance.now()
  const serverTime = watchServerTime(redis, clock)
  const close = async () => {
    durability.stop()
    serverTime.stop()
    await disconnect()
  }
  try {
    const { state, ...found } = await durability.check()
    const isTrusted = state === 'durable' || (state === 'not_durable' && config.redisDurability === 'relaxed')
    if (!isTrusted) {
      const reasons = 'reasons' in found ? found.reasons.join('; ') : ''
      throw new Error(`The store is not one to go by: ${reasons}.`)
    }
    await serverTime.ask()
  } catch (error) {
    await close()
    throw error
  }
  const { now } = serverTime
  const writes = {
    durability: durability.current,
    requireDurability: config.redisDurability === 'strict',
    barrier: createBarrier(redis, durability.current, config.redisMinReplicas),
  }
  const store = createRefundStore(redis, {
    ...writes,
    now,
    clock,
    longestLeaseMs: () => leaseMs({ ...config.cookiepay, timeoutMs: longestTimeoutMs(config.accounts) }),
    idempotencyRetentionMs: config.idempotencyRetentionMs,
    ledgerRetentionMs: config.ledgerRetentionMs,
    journalRetentionMs: config.journalRetentionMs,
    allowances: createCallerAllowances(redis, { ...writes, now, limits: () => new Map() }),
  })
  const { baseUrl } = config.cookiepay
  const tokenStore = createTokenStore(redis, config.storeSecrets, (merchant) =>
    keyHolderOf(merchant, { baseUrl, accounts: config.accounts }),
  )
  const { journal } = store
  return { store, journal, runs: createReconciliations(redis), tokenStore, close }
}
