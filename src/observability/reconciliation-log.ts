import type { FastifyBaseLogger } from 'fastify'
import type { ReconciliationObserver } from '../refunds/ports/reconciliations.ts'

/** Logs what the reconciliation by night finds. Its metrics are read from the store. */
export function createReconciliationLog(log: FastifyBaseLogger): ReconciliationObserver {
  return {
    begun(day, { payments, done }) {
      log.info({ day, payments, done }, done === 0 ? 'reconciliation begins' : 'reconciliation goes on')
    },
    differs(day, { kind, id, account, tid, settled }) {
      const line = { day, kind, refund: id, account, tid, settled }
      if (settled)
        log.warn(line, 'the lookup shows the cancel of an unknown refund, which has succeeded by that')
      else log.error(line, 'a refund differs from what the provider shows')
    },
    finished(day, { payments, unanswered, refunds, differences }) {
      log.info({ day, payments, unanswered, ...refunds, differences }, 'reconciliation finished')
    },
    failed(day, error) {
      // What it says, and not the error itself: of a Redis command that holds the arguments.
      log.error({ day, reason: (error as Error).message }, 'reconciliation failed; it is tried again')
    },
  }
}
