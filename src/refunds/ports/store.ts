import type { Attempt, Claim, Intent, Wish } from '../claim.ts'
import type { Krw } from '../krw.ts'

import type { Ledger } from '../ledger-sums.ts'
import type { OutsideRefund } from '../outside-refund.ts'
import type { RefundKind } from '../payment.ts'
import type { Refund } from '../refund.ts'
import type { Settlement, StoredRefund } from '../stored-refund.ts'

/** Where the index of unsettled refunds points to; `entry` is how the store names it. */
export type UnsettledEntry = Readonly<{
  entry: string
  id: string
  merchant: string
  tid: string
  /** When it is due, in milliseconds since 1970: of one that was read, or that was taken and will be due again. */
  dueAt?: number
}>

/** `same_reference`: its reference names another refund. `same_amount`: as much was just refunded, or may have been. */
export const DUPLICATE_RULES = ['same_reference', 'same_amount'] as const
export type DuplicateRule = (typeof DUPLICATE_RULES)[number]

/** What the atomic begin decided. */
export type BeginResult =
  | Readonly<{ result: 'begun'; stored: StoredRefund }>
  | Readonly<{ result: 'exists'; stored: StoredRefund }>
  | Readonly<{ result: 'claim_abandoned' }>
  /** Only of a renewal: the store does not know the refund any more. */
  | Readonly<{ result: 'lost' }>
  | Readonly<{ result: 'payment_mismatch' }>
  | Readonly<{ result: 'partial_not_allowed' }>
  | Readonly<{ result: 'tax_free_exceeds_amount' }>
  | Readonly<{ result: 'amount_exceeds_remaining'; remaining: Krw }>
  | Readonly<{ result: 'remaining_mismatch'; remaining: Krw }>
  | Readonly<{ result: 'refund_unresolved'; stored: StoredRefund }>
  | Readonly<{ result: 'possible_duplicate'; rule: DuplicateRule; stored: StoredRefund }>
  /**
   * Another refund of the payment is in flight, or the account's spacing after one is not over: nothing was decided
   * against, and the claim stands. `retryAfterMs`: what is left of the spacing; null: one is in flight.
   */
  | Readonly<{ result: 'payment_busy'; retryAfterMs: number | null }>

/** It would be begun with these figures, once nothing is left of the account's spacing: that takes `busyMs`. */
export type CheckAllowed = Readonly<{
  result: 'allowed'
  kind: RefundKind
  amount: Krw
  countedTaxFree: Krw
  remaining: Krw
  busyMs: number
}>

/** What a dry run of begin decides. */
export type CheckResult =
  | CheckAllowed
  | Exclude<BeginResult, { result: 'begun' | 'exists' | 'claim_abandoned' | 'lost' }>

/**
 * `settled`: stored now, or by an earlier sending of the same command. `conflict`: another truth stands.
 * `disputed`: it had failed, and this answer says otherwise. `lost`: the store does not know the refund any more.
 */
export type SettleResult =
  | Readonly<{ result: 'settled' | 'conflict' | 'disputed'; stored: StoredRefund }>
  | Readonly<{ result: 'lost' }>

/** Who asks for a deposit, of a refund as it was seen. */
export type DepositAsking = Readonly<{
  stored: StoredRefund
  /** Random token of this asking: one that is sent twice finds its own. */
  token: string
  /** The caller that asks. */
  by: string
  /** In milliseconds since 1970, by the store's clock. */
  at: number
  /** For how long this asking is its process's own, from when it is stored on. */
  leaseMs: number
  /** For how long a succeeded refund counts against one of the same amount; 0: the rule is off. */
  duplicateWindowMs: number
}>

/**
 * `awaiting`: it awaits a deposit by this asking. `changed`: it is not as it was seen. `lost`: the store does not know
 * it any more. The rest: what begin would refuse it for.
 */
export type AwaitDepositResult =
  | Readonly<{ result: 'awaiting'; stored: StoredRefund }>
  | Readonly<{ result: 'changed'; stored: StoredRefund }>
  | Readonly<{ result: 'lost' }>
  | Exclude<BeginResult, { result: 'begun' | 'exists' | 'claim_abandoned' | 'lost' }>

/** One page of refunds, oldest first; `nextCursor` null: there are no more. */
export type RefundPage = Readonly<{ refunds: readonly Refund[]; nextCursor: string | null }>

/**
 * One page of what is unsettled, over all payments. A cursor is the `nextCursor` of the page before; null
 * starts.
 */
export type UnsettledQuery = Readonly<{
  status: 'processing' | 'unknown' | 'awaiting_deposit'
  /** Absent: of all merchants. */
  merchant?: string | undefined
  limit: number
  cursor: string | null
  /** Who asked for them; absent: anybody. A page is full, unless it is the last. */
  caller?: string | undefined
}>

/** Thrown by every method of the store: nothing can be said about what it was asked. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly code: 'store_unavailable' | 'store_not_durable'

  constructor(code: StoreError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Where refunds are kept. Every method throws {@link StoreError}. */
export type RefundStore = Readonly<{
  /** Binds a key to a payload unless it is bound already; answers with the claim that is in force. */
  claim(claim: Claim): Promise<Claim>
  /** Renews a claim without a refund that another request made; false where it is not in force any more. */
  joinClaim(claim: Claim): Promise<boolean>
  /** Atomically: an existing refund is answered; else the amount is reserved and the intent written. */
  begin(intent: Intent): Promise<BeginResult>
  /** What begin would decide now, by the same code. Writes nothing. */
  check(query: Readonly<{ merchant: string; tid: string; wish: Wish }>): Promise<CheckResult>
  /**
   * Records the outcome, from `processing` of the same attempt, from `unknown` or, by a person who has seen
   * that it is disputed, from that.
   */
  settle(stored: StoredRefund, settlement: Settlement): Promise<SettleResult>
  /** Atomically: a refund that was seen so awaits a deposit, and holds its amount, before anybody is asked for one. */
  awaitDeposit(asking: DepositAsking): Promise<AwaitDepositResult>
  /** Undoes that, only where nothing was sent. What has become of the refund since stands. */
  undoDeposit(asking: DepositAsking): Promise<void>
  /**
   * Keeps what was answered to this asking, null where that was lost, whatever has become of the refund since. Null:
   * the store does not know of it any more.
   */
  keepDeposit(asking: DepositAsking, answer: string | null): Promise<StoredRefund | null>
  /**
   * Writes back what the store forgot of a refund in flight: its intent, whatever stands in its way, and its key.
   * False where another payload has the key by now, which it then keeps.
   */
  restore(begun: StoredRefund, intent: Pick<Intent, 'wish' | 'leaseMs'>): Promise<boolean>
  /** A claim that was refused beside a refund of the same key gives way to the claim of that. */
  yieldClaim(refused: Claim, stored: StoredRefund): Promise<void>
  /**
   * Undoes this attempt's begin, if there was one, and frees the key. Only where nothing was sent. A refund
   * that was called `unknown` meanwhile is left as it is and answered; null: there is none. What the attempt has
   * taken from an allowance is given back then.
   */
  release(attempt: Attempt | Intent): Promise<StoredRefund | null>
  /** The refund that a claim stands for, or null where none was begun. */
  findByClaim(claim: Pick<Claim, 'id' | 'merchant' | 'tid'>): Promise<StoredRefund | null>
  /**
   * The same of many claims, in their order and in few round trips: of a page at most, since all are read at once.
   */
  findMany(
    claims: readonly Pick<Claim, 'id' | 'merchant' | 'tid'>[],
  ): Promise<readonly (StoredRefund | null)[]>
  /** The claim of this id's key, whether or not a refund was begun under it, or null. */
  findClaim(id: string): Promise<Claim | null>
  /** The refund of this id, or null. */
  findById(id: string): Promise<StoredRefund | null>
  /** The payment's ledger, or null where nothing was ever refunded of it. */
  findPayment(merchant: string, tid: string): Promise<Ledger | null>
  /**
   * The payment's refunds that match (absent: all), and its ledger and bookings at the same moment; the ledger is null
   * where nothing was ever refunded of it. A cursor is the `nextCursor` of the page before; null starts.
   */
  listByPayment(query: {
    merchant: string
    tid: string
    limit: number
    cursor: string | null
    matches?: (refund: Refund) => boolean
  }): Promise<RefundPage & Readonly<{ ledger: Ledger | null; bookings: readonly OutsideRefund[] }>>
  /** The refunds of all payments that are `processing`, `unknown` or `awaiting_deposit`, oldest first. */
  listUnsettled(query: UnsettledQuery): Promise<RefundPage>
  /** How many refunds are `processing` or `unknown`. */
  countUnsettled(): Promise<number>
  /** How many refunds are `awaiting_deposit`. */
  countAwaitingDeposit(): Promise<number>
  /** When the oldest `unknown` refund was asked for, in milliseconds since 1970; null where there is none. */
  oldestUnknownAt(): Promise<number | null>
  /**
   * What the store's clock shows, about, in milliseconds since 1970: what replicas agree on. Times that are
   * kept are by it.
   */
  now(): number
  /** Whatever is `processing` and whose lease is over becomes `unknown`, and its key is kept. */
  expireLeases(): Promise<void>
  /** The unknown refunds, and those that await a deposit, that have been due longest, at most so many. For a while no other replica gets them. */
  takeDue(limit: number): Promise<readonly UnsettledEntry[]>
  /** An unknown refund is due again after this time, unless it was taken by another or is being settled meanwhile. */
  lookAgain(unsettled: UnsettledEntry, delayMs: number): Promise<void>
  /** The key of an unknown refund does not expire before that is settled. */
  keepKey(stored: StoredRefund): Promise<void>
  /** A refund that was found disputed is followed up as if it had just become so, in case whoever settled it died. */
  keepDisputed(stored: StoredRefund): Promise<void>
  /** Takes an entry out of the index whose refund was found settled, or was never begun (null); the first is journalled. */
  drop(unsettled: UnsettledEntry, stored: StoredRefund | null): Promise<void>
}>
