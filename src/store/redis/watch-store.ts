import type { Config } from '../../config/config.ts'
import type { ScriptedClient } from '../lua/scripts.ts'
import { type Durability, type DurabilityWatch, watchDurability } from './durability.ts'
import { createStoreIdentity, type StorePast } from './store-past.ts'

export type StoreWatchOptions = Readonly<{
  /** Whether it may write, to the store as well as to the mark's file. A mere look leaves all as it is. */
  mayWrite: boolean
  /** Gets a line for the log. */
  report(line: string): void
  /** Gets each change of what Redis promises. */
  onChange(durability: Durability): void
}>

/** Watches over the store as the configuration has it: its past, and what Redis promises. */
export function watchStore(
  redis: ScriptedClient,
  config: Config,
  { mayWrite, report, onChange }: StoreWatchOptions,
): Readonly<{ identity: StorePast; durability: DurabilityWatch }> {
  const { redisMinReplicas: minReplicas } = config
  const identity = createStoreIdentity(redis, {
    expectedId: config.redisStoreId,
    markFile: config.storeMarkFile,
    minReplicas,
    storeSecrets: config.storeSecrets,
    isOpen: config.apiKeys === null,
    mayWrite,
    report,
  })
  return { identity, durability: watchDurability(redis, { identity, minReplicas, onChange }) }
}
