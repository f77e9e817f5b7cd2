import type { ScriptedClient } from '../../src/store/lua/scripts.ts'
import {
  createStoreIdentity,
  type StorePast,
  type StorePastOptions,
} from '../../src/store/redis/store-past.ts'

/** What a gateway of this process would look at, with one secret and without API_KEYS. */
export function createPast(
  redis: ScriptedClient,
  options: Partial<StorePastOptions> = {},
): Omit<StorePast, 'check'> & { check(): Promise<string | null> } {
  const past = createStoreIdentity(redis, {
    expectedId: null,
    markFile: null,
    minReplicas: 0,
    storeSecrets: [Buffer.alloc(32, 1)],
    isOpen: true,
    mayWrite: true,
    report() {},
    ...options,
  })
  return { ...past, check: () => past.check(false) }
}
