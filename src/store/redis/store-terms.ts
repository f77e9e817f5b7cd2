import { createHmac } from 'node:crypto'
import { keys } from '../keys.ts'
import { meetTerms, type Term } from '../lua/meet-terms.ts'
import type { RedisClient, Scripts } from '../lua/scripts.ts'
import { acceptCommand } from './how-to-accept.ts'

/** What a gateway writes with. */
export type Terms = Readonly<{
  /** Newest first. */
  storeSecrets: readonly Buffer[]
  /** Whether callers have no names, since no API_KEYS are set. */
  isOpen: boolean
}>

/** Told apart from every fingerprint, which is made of a JSON object. */
const PROOF_SUBJECT = 'this secret has written to the store'

/** What is wrong: other secrets, or who wrote it in another way than this gateway would. */
const BROKEN: Readonly<Record<'secrets' | 'open' | 'keys', string>> = {
  secrets: `none of STORE_SECRETS is one that it was written with, so no earlier key could be repeated. Add the secret that was in use, or accept that replays end: ${acceptCommand('--secrets')}`,
  open: `an open gateway wrote it: with API_KEYS each key would have another owner, and a repeat would be sent again. Unset API_KEYS, or accept that replays end: ${acceptCommand('--from-open')}`,
  keys: `a gateway with API_KEYS wrote it: without them each key would have another owner, and a repeat would be sent again. Set API_KEYS, or accept that replays end: ${acceptCommand('--from-keys')}`,
}

/** What is wrong, in words; none where the terms are met. `isNew`: this gateway was the first to set them. */
export type TermsFound = Readonly<{ reasons: readonly string[]; isNew: boolean }>

/** Whether the store was written with the terms of this gateway (lua/meet-terms.lua). */
export async function checkTerms(redis: Scripts, terms: Terms, mayWrite: boolean): Promise<TermsFound> {
  const proofs = terms.storeSecrets.map(proofOf)
  const { isNew, broken } = await meetTerms(redis, { mayWrite, callers: modeOf(terms), proofs })
  const otherMode = terms.isOpen ? 'keys' : 'open'
  const reasonOf = (term: Term) => BROKEN[term === 'callers' ? otherMode : term]
  return { reasons: broken.map(reasonOf), isNew }
}

/** An operator accepts that what was written under other secrets is not replayed. False where nothing is to accept. */
export async function acceptSecrets(redis: RedisClient, storeSecrets: readonly Buffer[]): Promise<boolean> {
  const proofs = storeSecrets.map(proofOf)
  const known = await redis.hmget(keys.storeTerms, 'callers', ...proofs)
  if (known[0] === null || known.slice(1).some((proof) => proof !== null)) return false
  await redis.hset(keys.storeTerms, proofs[0] as string, '1')
  return true
}

/** An operator accepts that each caller's keys change their owner. False where nothing is to accept. */
export async function acceptCallers(redis: RedisClient, from: 'open' | 'keys'): Promise<boolean> {
  if ((await redis.hget(keys.storeTerms, 'callers')) !== from) return false
  await redis.hset(keys.storeTerms, 'callers', from === 'open' ? 'keys' : 'open')
  return true
}

function modeOf({ isOpen }: Terms): 'open' | 'keys' {
  return isOpen ? 'open' : 'keys'
}

/** Tells of a secret of 32 random bytes nothing but that it is the same one. */
function proofOf(secret: Buffer): string {
  return createHmac('sha256', secret).update(PROOF_SUBJECT).digest('base64url')
}
