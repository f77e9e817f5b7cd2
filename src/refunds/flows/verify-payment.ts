import type { Intent } from '../claim.ts'
import { type Ledger, used } from '../ledger-sums.ts'
import type { Payment } from '../payment.ts'
import type { PaymentFacts, PaymentLookup, PaymentRows } from '../ports/provider.ts'
import { type RefundStore, StoreError } from '../ports/store.ts'
import { contradicted, contradictedFacts, notSeen, showsPayment } from '../rules/payment-facts.ts'
import type { Refusal } from '../rules/refusals.ts'

/** Which payment, and what its caller states of it. */
export type StatedPayment = Readonly<{ merchant: string; tid: string; payment: Payment }>

/** `verifiedAt` absent: nothing was found that is to be kept with the ledger. */
export type Verification =
  | Readonly<{ result: 'passed'; verifiedAt?: number }>
  | Readonly<{ result: 'refused'; refusal: Refusal }>

/** Holds a stated payment to the provider's row before its first refund. Never throws. */
export type VerifyPayment = (stated: StatedPayment) => Promise<Verification>

/** What verifying needs. */
export type VerifyParts = Readonly<{
  store: Pick<RefundStore, 'findPayment' | 'now'>
  provider: PaymentRows
  /** `require`: a payment that was not seen is refused. */
  mode: 'verify' | 'require'
}>

/** A found row, and when it was asked for by the store's clock. */
type FoundRow = Readonly<{ facts: PaymentFacts; at: number }>

/** A row was found, or why not: a sentence. */
type Seen = FoundRow | string

/**
 * For how long a row is remembered that no ledger has: of a refund that was only checked, or refused for another
 * reason. What was paid does not change.
 */
const MEMORY_MS = 60_000
const MAX_REMEMBERED = 1_000

/** Lookups that one process waits for. */
const MAX_LOOKUPS = 1_000

const TOO_MANY = 'Too many payments are being looked up.'

const PASSED: Verification = { result: 'passed' }

/**
 * PAYMENT_LOOKUP (docs/provider.md, Lookups). The flow asks with the claim made, and before the token
 * and the place. Later than the claim, since the repeat of a stored request is answered with its refund whatever a
 * row says, and the claim binds the key for as long as this takes. Earlier than the place, since a slow lookup
 * must not keep others from one.
 */
export function createVerifier({ store, provider, mode }: VerifyParts): VerifyPayment {
  const remembered = new Map<string, FoundRow>()
  const running = new Map<string, Promise<Seen>>()

  return async (stated) => {
    const { merchant, tid, payment } = stated
    try {
      const row = recent(stated)
      const known = row === undefined ? undefined : judge(payment, row)
      if (known?.result === 'passed') return known
      const ledger = await store.findPayment(merchant, tid)
      if (ledger !== null && isSettledBy(ledger, payment)) return PASSED
      return known ?? judge(payment, await look(stated))
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      return { result: 'refused', refusal: { code: error.code, detail: error.message } }
    }
  }

  function recent(stated: StatedPayment): FoundRow | undefined {
    const key = keyOf(stated)
    const row = remembered.get(key)
    if (row === undefined || Math.abs(store.now() - row.at) < MEMORY_MS) return row
    remembered.delete(key)
    return undefined
  }

  /** One lookup of a payment at a time: whoever asks meanwhile gets what it finds. */
  function look(stated: StatedPayment): Promise<Seen> {
    const key = keyOf(stated)
    const other = running.get(key)
    if (other !== undefined) return other
    if (running.size >= MAX_LOOKUPS) return Promise.resolve(TOO_MANY)
    const looking = lookOnce(stated).finally(() => running.delete(key))
    running.set(key, looking)
    return looking
  }

  async function lookOnce(stated: StatedPayment): Promise<Seen> {
    const at = store.now()
    const found: PaymentLookup = await provider.lookUpPayment(stated)
    if (found.outcome === 'inconclusive') return found.detail
    const row = { facts: found.facts, at }
    remembered.set(keyOf(stated), row)
    for (const oldest of remembered.keys()) {
      if (remembered.size <= MAX_REMEMBERED) break
      remembered.delete(oldest)
    }
    return row
  }

  function judge(payment: Payment, seen: Seen): Verification {
    if (typeof seen === 'string') return unseen(seen)
    const others = contradictedFacts(payment, seen.facts)
    if (others.length > 0) return { result: 'refused', refusal: contradicted(others) }
    return showsPayment(seen.facts)
      ? { result: 'passed', verifiedAt: seen.at }
      : unseen('The lookup shows no amount of the payment.')
  }

  function unseen(reason: string): Verification {
    return mode === 'verify' ? PASSED : { result: 'refused', refusal: notSeen(reason) }
  }
}

/**
 * What pins a payment was verified when it began, or was there before lookups were switched on. Then no row says more: how
 * one looks after a part was cancelled is not documented (docs/provider.md, Lookups). So `require` asks for no
 * more than `verify`. Other facts than the ledger's are looked up, since what pins it may fail meanwhile.
 */
function isSettledBy(ledger: Ledger, { method, amount }: Payment): boolean {
  if (ledger.method !== method || ledger.amount !== amount) return false
  return ledger.verified_at !== null || used(ledger) > 0
}

/** An intent with when its payment was seen, which begin keeps with the ledger. */
export function withVerification(intent: Intent, verification: Verification | undefined): Intent {
  if (verification?.result !== 'passed' || verification.verifiedAt === undefined) return intent
  return { ...intent, verifiedAt: verification.verifiedAt }
}

function keyOf({ merchant, tid }: StatedPayment): string {
  return `${merchant}:${tid}`
}
