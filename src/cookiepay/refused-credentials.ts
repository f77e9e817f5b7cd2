import type { NotSent } from '../refunds/ports/provider.ts'

/**
 * Credentials that were refused so often in a row are not asked for again during a pause, which doubles with
 * each further refusal: the answer would be the same, and a provider that is asked at each request may block
 * the account. A few may be a hiccup of the provider. The longest pause is half of what callers are told to
 * wait.
 */
export const REFUSALS_BEFORE_PAUSE = 5
const FIRST_REFUSAL_PAUSE_MS = 1_000
const LONGEST_REFUSAL_PAUSE_MS = 15_000

/** What is remembered of credentials that were refused, by merchant. */
export type RefusedCredentials = Readonly<{
  /** The last answer, while nobody is to ask again; else undefined. */
  pausing(merchant: string): NotSent | undefined
  /**
   * Counts a refusal; a token ends the row of them. A call that did not get through says nothing of the
   * credentials.
   */
  note(merchant: string, fetched: Readonly<{ outcome: 'token' }> | NotSent): void
  forget(merchant: string): void
}>

/** The last answer, how many in a row, and until when (monotonic) nobody asks again. */
type Refused = Readonly<{ answer: NotSent; count: number; until: number }>

/** Remembers refusals, and for how long nobody asks again after them. */
export function createRefusedCredentials(): RefusedCredentials {
  const refused = new Map<string, Refused>()
  return {
    pausing(merchant) {
      const last = refused.get(merchant)
      return last !== undefined && performance.now() < last.until ? last.answer : undefined
    },
    note(merchant, fetched) {
      if (fetched.outcome === 'token') refused.delete(merchant)
      else if (fetched.code === 'provider_auth_failed') {
        const count = (refused.get(merchant)?.count ?? 0) + 1
        refused.set(merchant, { answer: fetched, count, until: performance.now() + pauseMs(count) })
      }
    },
    forget: (merchant) => {
      refused.delete(merchant)
    },
  }
}

function pauseMs(count: number): number {
  if (count < REFUSALS_BEFORE_PAUSE) return 0
  return Math.min(FIRST_REFUSAL_PAUSE_MS * 2 ** (count - REFUSALS_BEFORE_PAUSE), LONGEST_REFUSAL_PAUSE_MS)
}
