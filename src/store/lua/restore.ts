import type { Intent } from '../../refunds/claim.ts'
import type { StoredRefund } from '../../refunds/stored-refund.ts'
import { keys } from '../keys.ts'
import { reach } from '../redis/reach.ts'
import { intentJson } from '../refund-text.ts'
import type { Scripts } from './scripts.ts'

export type RestoreArguments = Readonly<{ begun: StoredRefund }> & Pick<Intent, 'wish' | 'leaseMs'>

/** restore.lua: writes back the intent of a refund that the store forgot; what stands in its place stays. Throws StoreError. */
export async function restoreRefund(
  redis: Scripts,
  { begun, wish: { payment }, leaseMs }: RestoreArguments,
): Promise<void> {
  const { refund, merchant, attempt, fingerprint, countedTaxFree } = begun
  await reach(
    redis.restoreRefund(
      keys.payment(merchant, refund.tid),
      refund.id,
      attempt,
      leaseMs,
      Date.parse(refund.created_at),
      intentJson(fingerprint, refund).text,
      payment.method,
      payment.amount,
      payment.tax_free_amount ?? '',
      refund.kind,
      refund.amount,
      countedTaxFree,
      refund.reference ?? '',
    ),
  )
}
