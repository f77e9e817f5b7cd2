import type { Krw } from '../krw.ts'
import type { CancelNotification } from '../notification.ts'
import type { OutsideRefund } from '../outside-refund.ts'
import type { Refund } from '../refund.ts'
import type { StepTimings } from '../step-timings.ts'
import type { Settlement } from '../stored-refund.ts'
import type { NotSent } from './provider.ts'

/** Whose request it was, for finding its log line: nothing of this decides anything. */
export type RequestOrigin = Readonly<{
  caller: string
  requestId?: string | undefined
  /** The W3C trace context that the request came with. */
  traceparent?: string | undefined
}>

/** What is reported of what was refunded outside of the gateway. */
export type OutsideObserver = Readonly<{
  /** A person has booked it, or taken a booking back; `account` as callers name it. */
  booked(booking: OutsideRefund, account: string): void
}>

/**
 * What became of a notification. `settled`: an open refund by it. `matched`: it is of a refund or booking that is known.
 * `unmatched`: of no such, and so of what was cancelled outside. `ignored`: no cancel. `repeated`: it was there.
 */
export const NOTIFICATION_OUTCOMES = [
  'settled',
  'matched',
  'ambiguous',
  'unmatched',
  'repeated',
  'ignored',
  'unreadable',
] as const
export type NotificationOutcome = (typeof NOTIFICATION_OUTCOMES)[number]

/** What is reported of notifications; null: of one that is no cancel, or cannot be read. */
export type NotificationObserver = Readonly<{
  received(outcome: NotificationOutcome, notification: CancelNotification | null): void
}>

/** What the flow reports at each change of state, for logs and metrics. */
export type RefundObserver = Readonly<{
  /**
   * The provider was called and the outcome is recorded, or held for recording; `detail` says why it is
   * `unknown`.
   */
  recorded(
    refund: Refund,
    how: Readonly<{ timings: StepTimings; detail: string | undefined; origin: RequestOrigin }>,
  ): void
  /** A refund that was unknown is settled, by the lookup or by a person. */
  resolved(refund: Refund): void
  /**
   * An account to pay a deposit into was asked for; `isLost`: whatever was answered. Of the answer itself nothing is
   * told: it holds the number of an account.
   */
  depositAskedFor(
    refund: Refund,
    how: Readonly<{ by: string; isLost: boolean; detail: string; origin: RequestOrigin }>,
  ): void
  /** Nothing was sent; the key is free, or the refund as it was. */
  notSent(refund: Pick<Refund, 'id' | 'account'>, outcome: NotSent, origin: RequestOrigin): void
  /** The provider says that it cancelled another amount than was asked; null: one that cannot be read. */
  amountMismatch(refund: Refund, cancelledAmount: Krw | null): void
  /** An answer contradicts what stands in the store; `isOther`: to another attempt than the one that stands. */
  conflict(refund: Refund, settlement: Settlement, isOther: boolean): void
  /**
   * A refund had failed, and this answer says that it was made: it counts as refunded until a person clears
   * it.
   */
  disputed(refund: Refund, settlement: Settlement): void
  /**
   * The store forgot a refund while the provider was being called. It is written back where it was sent,
   * `keepsKey` false: but for its key, which another payload has by now.
   */
  lost(refund: Refund, how: Readonly<{ isWrittenBack: boolean; keepsKey: boolean }>): void
  /** The store could not be written to; it will be tried again. */
  postponed(id: string, error: unknown): void
}>
