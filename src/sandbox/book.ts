import { randomBytes } from 'node:crypto'
import type { Deposit } from './deposits.ts'
import { forgetOldest } from './forget-oldest.ts'
import { koreanDigits } from './korean-time.ts'
import { type AppliedCancel, type Payment, paymentOf, withCancel } from './payments.ts'

/** When a cancel came, and when it was answered or its connection ended; null: neither yet. */
export type UnderWay = { readonly beganAt: Date; endedAt: Date | null }

/** What the sandbox remembers of one tid. */
export type Entry = {
  payment: Payment
  /** Cancel calls that named this tid, whatever became of them. */
  calls: number
  /** The token of the `badtoken` fault: the first one that was tried, and refused. */
  refusedToken: string | null
  /** When the last cancel came that was not too soon after another, by performance.now(); null: none did. */
  heededAtMs: number | null
  /** Cancels whose token and form were in order. */
  underWay: UnderWay[]
  /** Calls for an account to pay a deposit into, whatever became of them, and the accounts that were opened. */
  depositCalls: number
  deposits: Deposit[]
}

export type Book = ReturnType<typeof createBook>

const MAX_PAYMENTS = 1_000_000

/**
 * All payments that somebody asked for, in memory; the oldest is forgotten beyond a million. `onCancel` is told of each
 * cancel that is applied.
 */
export function createBook(
  onCancel: (tid: string, cancel: AppliedCancel, type: 'cancel' | 'deposit_cancel') => void = () => {},
) {
  const entries = new Map<string, Entry>()

  function open(tid: string): Entry {
    const known = entries.get(tid)
    if (known) return known
    const payment = paymentOf(tid, new Date())
    const entry: Entry = {
      payment,
      calls: 0,
      refusedToken: null,
      heededAtMs: null,
      underWay: [],
      depositCalls: 0,
      deposits: [],
    }
    entries.set(tid, entry)
    forgetOldest(entries, MAX_PAYMENTS)
    return entry
  }

  return {
    open,
    find: (tid: string) => entries.get(tid),
    all: () => [...entries.values()],
    clear: () => entries.clear(),

    apply(tid: string, amount: number, type: 'cancel' | 'deposit_cancel' = 'cancel'): AppliedCancel {
      const entry = open(tid)
      const at = new Date()
      const cancelTid = `C${koreanDigits(at)}${randomBytes(8).toString('hex')}`
      const cancel: AppliedCancel = { amount, at, cancelTid }
      entry.payment = withCancel(entry.payment, cancel)
      onCancel(tid, cancel, type)
      return cancel
    },
  }
}
