import { keys } from '../keys.ts'
import type { Scripts } from './scripts.ts'

/** What the store and a gateway can differ in. */
export type Term = 'callers' | 'secrets'

export type MeetTermsArguments = Readonly<{
  mayWrite: boolean
  /** Whether callers have names. */
  callers: 'open' | 'keys'
  /** A proof of each secret, newest first. */
  proofs: readonly string[]
}>

/** `isNew`: nobody had set terms before. */
export type TermsMet = Readonly<{ isNew: boolean; broken: readonly Term[] }>

/** meet-terms.lua: compares what the store was written with to this. Throws what the client throws. */
export async function meetTerms(
  redis: Scripts,
  { mayWrite, callers, proofs }: MeetTermsArguments,
): Promise<TermsMet> {
  const [result, ...broken] = await redis.meetTerms(keys.storeTerms, mayWrite ? 1 : 0, callers, ...proofs)
  return { isNew: result === 'set', broken }
}
