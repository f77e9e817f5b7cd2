import { CROCKFORD_BASE32 } from '../refunds/refund-id.ts'

/**
 * The Redis layout. What stands between braces decides the Cluster slot, so all keys of one payment, and
 * of one script, share a slot.
 *
 * | key                                  | type   | holds                                          | kept for                    |
 * | ------------------------------------ | ------ | ---------------------------------------------- | --------------------------- |
 * | `claim:{<id>}`                       | string | attempt's token, fingerprint, account, tid     | the key's retention         |
 * | `payment:{<account>:<tid>}`          | hash   | the ledger and its refunds (lua/ledger.lua)    | the ledger's retention      |
 * | `abandoned:{<account>:<tid>}:<token>`| string | nothing: that claim was given up               | longer than an attempt      |
 * | `unsettled:{<shard>}`                | zset   | time, id, account and tid of refunds in flight by when their lease is over | until settled |
 * | `unknown:{<shard>}`                  | zset   | the same of unknown refunds, by time           | until settled               |
 * | `lookups:{<shard>}`                  | zset   | the same, by when they are looked up next      | until settled               |
 * | `store-id:{<shard>}`                 | string | the id by which a loss of data is noticed      | ever                        |
 * | `token:{<account>}`                  | string | the provider's token, encrypted                | the token's lifetime        |
 * | `token-lock:{<account>}`             | string | which replica is fetching a token              | the token call              |
 */
export const keys = {
  claim: (id: string) => `claim:{${id}}`,
  payment: (account: string, tid: string) => `payment:{${account}:${tid}}`,
  abandoned: (account: string, tid: string, claimToken: string) =>
    `abandoned:{${account}:${tid}}:${claimToken}`,
  unsettled: (shard: number) => `unsettled:{${shard}}`,
  unknown: (shard: number) => `unknown:{${shard}}`,
  lookups: (shard: number) => `lookups:{${shard}}`,
  token: (account: string) => `token:{${account}}`,
  storeId: (shard: number) => `store-id:{${shard}}`,
  tokenLock: (account: string) => `token-lock:{${account}}`,
}

/** How many sorted sets the unsettled refunds are spread over, so that they spread over a Cluster. */
export const UNSETTLED_SHARDS = 16

/** The shard of a refund, by the last digit of its id that carries five bits of the hash. */
export function unsettledShard(id: string): number {
  return CROCKFORD_BASE32.indexOf(id.at(-2) as string) % UNSETTLED_SHARDS
}
