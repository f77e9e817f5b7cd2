import type { MerchantAccount } from '../merchant.ts'
import type { EventSubjects } from '../ports/events.ts'
import type { RefundStore } from '../ports/store.ts'
import { REFUNDS_SHOWN, shownLedger } from '../shown-ledger.ts'

/** Refunds and payments that events tell of, as they are now. */
export function createEventSubjects(
  store: Pick<RefundStore, 'findByClaim' | 'listByPayment'>,
  accounts: ReadonlyMap<string, MerchantAccount>,
): EventSubjects {
  return {
    async findRefund(entry) {
      return (await store.findByClaim(entry))?.refund ?? null
    },
    async findLedger({ merchant, tid }) {
      const { ledger, ...page } = await store.listByPayment({
        merchant,
        tid,
        limit: REFUNDS_SHOWN,
        cursor: null,
      })
      const account = [...accounts.values()].find((one) => one.merchant === merchant)
      // Under no name, where the account is not configured any more.
      return ledger === null
        ? null
        : shownLedger(account?.name ?? '', ledger, { ...page, refunds: [...page.refunds] })
    },
  }
}
