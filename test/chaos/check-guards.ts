import { koreanDay } from '../../src/refunds/korean-day.ts'
import { ANSWERS } from './check-key.ts'
import type { PaymentReport } from './check-payment.ts'
import type { Checked, Histories } from './histories.ts'

/** A check says what the refund would be, or what a refund may be answered. */
export function checkChecked({ status, code, ...told }: Checked, report: PaymentReport): void {
  if (status !== 200) {
    if (!ANSWERS[status]?.includes(code)) report('answer', `a check was answered ${status} ${code}`)
    return
  }
  const { amount = 0, remaining = -1, remaining_after: after } = told
  if (remaining < amount || after !== remaining - amount) {
    report('answer', `a check allows ${amount} of ${remaining}, and ${after} would remain`)
  }
}

/** A crash may count too much, never too little. What awaits a deposit has failed before, and its caller got it back. */
export function checkCounted({ stored, counted }: Histories, report: PaymentReport): void {
  if (counted === null) return
  const standing = [...stored.values()]
    .flatMap(({ refunds }) => refunds)
    .filter(({ status, deposit }) => status !== 'failed' && deposit === null)
  const days = new Set(standing.map(({ created_at }) => koreanDay(Date.parse(created_at))))
  if (days.size === 1 && counted < standing.length) {
    report('counted', `${standing.length} refunds stand, and ${counted} are counted`)
  }
}
