import type { Payment } from './payments.ts'

/** An account that was opened for a deposit, which the merchant pays into once. */
export type Deposit = {
  readonly account: string
  readonly amount: number
  readonly requestedAt: Date
  readonly deadline: Date
  paidAt: Date | null
}

const KOREAN_OFFSET_MS = 9 * 3_600_000
const DAY_MS = 24 * 3_600_000

/** 23:59:59 of the same day in Korea, as upstream (docs/provider.md, Deposits). */
export function deadlineOf(at: Date): Date {
  const dayStart = Math.floor((at.getTime() + KOREAN_OFFSET_MS) / DAY_MS) * DAY_MS - KOREAN_OFFSET_MS
  return new Date(dayStart + DAY_MS - 1000)
}

/** Whether a deposit can be paid, and the payment be cancelled for it; or why not. */
export function refusalOf(deposit: Deposit, payment: Payment, at: Date): string | null {
  if (deposit.paidAt !== null) return 'it was paid before'
  if (at > deposit.deadline) return 'its deadline is over'
  if (payment.cancelled + deposit.amount > payment.amount) return 'less than that remains of the payment'
  return null
}
