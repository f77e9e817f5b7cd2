import { CROCKFORD_BASE32 } from '../refunds/refund-id.ts'

/**
 * The Redis layout. What stands between braces decides the Cluster slot, so all keys of one payment, and
 * of one script, share a slot. A merchant is named by merchantOf(), whatever its account is called.
 *
 * | key                                  | type   | holds                                          | kept for                    |
 * | ------------------------------------ | ------ | ---------------------------------------------- | --------------------------- |
 * | `claim:{<id>}`                       | string | attempt's token, fingerprint, merchant, tid    | the key's retention         |
 * | `payment:{<merchant>:<tid>}`         | hash   | the ledger, its refunds (lua/shared/ledger.lua) and what they are known by (lua/shared/duplicates.lua) | the ledger's retention      |
 * | `notifications:{<merchant>:<tid>}`   | hash   | what the provider has notified of (lua/keep-notification.lua) | the ledger's retention, from the last one on |
 * | `notified:{0}`                       | zset   | a token, merchant and tid of each notification that is being taken, by when that must be over | until it was asked what it settles |
 * | `cancel-tid:{<merchant>:<cancel tid>}` | string | the tid of the payment that the cancel was of  | seven days                  |
 * | `abandoned:{<merchant>:<tid>}:<token>` | string | nothing, or what a booking was refused with: that claim, or asking for a deposit, was abandoned | longer than an attempt      |
 * | `unsettled:{<shard>}`                | zset   | time, id, merchant and tid of refunds in flight by when their lease is over | until settled |
 * | `unknown:{<shard>}`                  | zset   | the same of unknown refunds and who asked for them, by time | until settled               |
 * | `awaiting:{<shard>}`                 | zset   | the same of refunds that await a deposit       | until settled               |
 * | `lookups:{<shard>}`                  | zset   | the same, by when they are looked up next; disputed ones, and what is about to be settled late, too | until settled |
 * | `journal:{<shard>}`                  | stream | each change of a refund's state (lua/shared/journal.lua) | the journal's retention |
 * | `journalled:{<shard>}`               | zset   | how many changes of a refund are journalled, where it has not merely settled (lua/journal-changes.lua) | the journal's retention |
 * | `left:{<shard>}:<process>`             | string | how often entries of settled refunds have left (lua/leave-settled.lua) | longer than a command is on its way |
 * | `store-id:{<shard>}`                 | string | the id by which a loss of data is noticed      | ever                        |
 * | `store-mark:{<shard>}`               | hash   | how far the store has come (lua/raise-mark.lua) | ever                       |
 * | `store-instances:{<shard>}`          | zset   | the mark that each instance raised last        | ever, the last 500 or more  |
 * | `store-terms:{0}`                    | hash   | what it was written with (lua/meet-terms.lua)  | ever                        |
 * | `allowance:{<caller>}:<day>`          | hash   | what a caller has refunded on a day of Korea (lua/take-allowance.lua) | eight days |
 * | `event-endpoints:{0}`                | hash   | where events go, since when, and what its host leads to (lua/meet-endpoint.lua) | a week after nobody has it |
 * | `events-again:{<endpoint>}`          | stream | journal entries that are to be told again      | until told                 |
 * | `token:{<merchant>}`                 | string | the provider's token, encrypted                | the token's lifetime        |
 * | `token-lock:{<merchant>}`            | string | which replica is fetching a token              | the token call              |
 * | `reconciliation:{<day>:<merchant>}`  | string | how far the reconciliation of a day has come; of all accounts without a merchant | eight days |
 * | `reconciliation-differences:{<day>:<merchant>}` | list | what it has found to differ, the first thousand | eight days |
 * | `reconciliation-lock:{<day>:<merchant>}` | string | which process does it                        | a few seconds, renewed      |
 * | `reconciled-day:{0}`                 | string | the last day that was reconciled, and what came of it | ever                  |
 */
export const keys = {
  claim: (id: string) => `claim:{${id}}`,
  payment: (merchant: string, tid: string) => `payment:{${merchant}:${tid}}`,
  notifications: (merchant: string, tid: string) => `notifications:{${merchant}:${tid}}`,
  notified: 'notified:{0}',
  cancelTid: (merchant: string, cancelTid: string) => `cancel-tid:{${merchant}:${cancelTid}}`,
  abandoned: (merchant: string, tid: string, token: string) => `abandoned:{${merchant}:${tid}}:${token}`,
  unsettled: (shard: number) => `unsettled:{${shard}}`,
  unknown: (shard: number) => `unknown:{${shard}}`,
  awaiting: (shard: number) => `awaiting:{${shard}}`,
  lookups: (shard: number) => `lookups:{${shard}}`,
  left: (shard: number, owner: string) => `left:{${shard}}:${owner}`,
  journal: (shard: number) => `journal:{${shard}}`,
  journalled: (shard: number) => `journalled:{${shard}}`,
  allowance: (caller: string, day: string) => `allowance:{${caller}}:${day}`,
  token: (merchant: string) => `token:{${merchant}}`,
  storeId: (shard: number) => `store-id:{${shard}}`,
  storeMark: (shard: number) => `store-mark:{${shard}}`,
  storeInstances: (shard: number) => `store-instances:{${shard}}`,
  storeTerms: 'store-terms:{0}',
  eventEndpoints: 'event-endpoints:{0}',
  eventsAgain: (endpoint: string) => `events-again:{${endpoint}}`,
  tokenLock: (merchant: string) => `token-lock:{${merchant}}`,
  reconciliation: (run: string) => `reconciliation:{${run}}`,
  reconciliationDifferences: (run: string) => `reconciliation-differences:{${run}}`,
  reconciliationLock: (run: string) => `reconciliation-lock:{${run}}`,
  reconciledDay: 'reconciled-day:{0}',
}

/** How many sorted sets the unsettled refunds are spread over, so that they spread over a Cluster. */
export const UNSETTLED_SHARDS = 16

export const SHARDS: readonly number[] = Array.from({ length: UNSETTLED_SHARDS }, (_, shard) => shard)

/** The shard of a refund, by the last digit of its id that carries five bits of the hash. */
export function unsettledShard(id: string): number {
  return CROCKFORD_BASE32.indexOf(id.at(-2) as string) % UNSETTLED_SHARDS
}
