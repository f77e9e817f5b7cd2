import type { FastifyBaseLogger } from 'fastify'
import type { NotificationObserver, OutsideObserver, RefundObserver } from '../refunds/ports/observer.ts'
import type { Refund } from '../refunds/refund.ts'
import type { StepTimings } from '../refunds/step-timings.ts'
import type { Settlement } from '../refunds/stored-refund.ts'
import type { Metrics } from './metrics.ts'
import { reasonOf } from './store-failure.ts'
import { traceIdOf } from './traceparent.ts'

/** Logs and counts what happens to refunds. */
export function createObserver(
  log: FastifyBaseLogger,
  metrics: Metrics,
): RefundObserver & OutsideObserver & NotificationObserver {
  return {
    received(outcome, notification) {
      metrics.countNotification(outcome)
      const { type, tid, amount } = notification ?? {}
      log[outcome === 'unmatched' || outcome === 'unreadable' ? 'warn' : 'info'](
        { outcome, type, tid, amount },
        outcome === 'unmatched'
          ? 'a notification tells of a cancel that is none of ours: book it, where it was made'
          : 'notification received',
      )
    },
    booked({ id, amount, by }, account) {
      metrics.countBooking(amount > 0 ? 'booked' : 'taken_back')
      log.info({ booking: id, account, amount, by }, 'what was refunded outside is booked')
    },
    recorded(refund, how) {
      metrics.countSteps(how.timings)
      logRecorded(log, refund, how)
    },
    resolved(refund) {
      const { id, account, status, resolution } = refund
      metrics.countResolution(resolution?.source ?? 'provider', status)
      log.info(
        { refund: id, account, status, source: resolution?.source, by: resolution?.by },
        'refund resolved',
      )
    },
    depositAskedFor(refund, how) {
      logDepositAskedFor(log, refund, how)
    },
    notSent({ id, account }, { code, detail }, { caller, requestId, traceparent }) {
      const traceId = traceIdOf(traceparent)
      log.warn({ refund: id, account, caller, reqId: requestId, traceId, code, detail }, 'refund not sent')
    },
    amountMismatch(refund, cancelledAmount) {
      metrics.countAmountMismatch()
      log.error(
        { refund: refund.id, asked: refund.amount, cancelled: cancelledAmount },
        'the provider says that it cancelled another amount than was asked',
      )
    },
    conflict(refund, settlement, isOther) {
      metrics.countConflict()
      logConflict(log, { refund, settlement, isOther })
    },
    disputed(refund, settlement) {
      metrics.countDisputed()
      logDisputed(log, refund, settlement)
    },
    lost(refund, { isWrittenBack, keepsKey }) {
      metrics.countLost()
      log.error(
        { refund: refund.id, status: refund.status, isWrittenBack, keepsKey },
        isWrittenBack
          ? 'the store forgot a refund that was in flight; it was written back'
          : 'the store forgot a refund that was in flight; nothing was sent for it',
      )
    },
    postponed(id, error) {
      log.error({ refund: id, reason: reasonOf(error) }, 'the store cannot be written to; it is tried again')
    },
  }
}

/** The one line of a refund whose outcome is recorded. */
function logRecorded(
  log: FastifyBaseLogger,
  refund: Refund,
  { timings, detail, origin }: Parameters<RefundObserver['recorded']>[1],
): void {
  log[refund.status === 'unknown' ? 'warn' : 'info'](
    {
      refund: refund.id,
      account: refund.account,
      caller: origin.caller,
      reqId: origin.requestId,
      traceId: traceIdOf(origin.traceparent),
      status: refund.status,
      kind: refund.kind,
      amount: refund.amount,
      failure: refund.failure?.code,
      providerCode: refund.provider?.cancel_code,
      detail,
      durationMs: Math.round(timings.lastAt - timings.startedAt),
      ...stepsOf(timings),
    },
    'refund recorded',
  )
}

function stepsOf(timings: StepTimings) {
  return {
    claimMs: tenths(timings.claimMs),
    tokenMs: tenths(timings.tokenMs),
    turnMs: tenths(timings.turnMs),
    admissionMs: tenths(timings.admissionMs),
    beginMs: tenths(timings.beginMs),
    relayMs: tenths(timings.relayMs),
    settleMs: tenths(timings.settleMs),
  }
}

/** To a tenth of a millisecond, which tells one Redis round trip from two. */
function tenths(durationMs: number): number {
  return Math.round(durationMs * 10) / 10
}

function logDepositAskedFor(
  log: FastifyBaseLogger,
  { id, account, amount, deposit }: Refund,
  { by, isLost, detail, origin }: Parameters<RefundObserver['depositAskedFor']>[1],
): void {
  log[isLost ? 'warn' : 'info'](
    {
      refund: id,
      account,
      amount,
      by,
      expiresAt: deposit?.expires_at,
      reqId: origin.requestId,
      traceId: traceIdOf(origin.traceparent),
      detail,
    },
    isLost
      ? 'a deposit was asked for, and its answer is lost: the refund awaits it all the same'
      : 'a deposit was asked for: the refund awaits it',
  )
}

type Contradiction = Readonly<{ refund: Refund; settlement: Settlement; isOther: boolean }>

function logConflict(log: FastifyBaseLogger, { refund, settlement, isOther }: Contradiction): void {
  log.error(
    {
      refund: refund.id,
      recorded: refund.status,
      answered: settlement.status,
      cancelTid: settlement.provider?.cancel_tid,
    },
    isOther
      ? 'two attempts at one refund were sent, since the store had forgotten the first: both may have moved money'
      : 'an answer of the provider contradicts what is recorded, which stays as it is',
  )
}

function logDisputed(log: FastifyBaseLogger, refund: Refund, settlement: Settlement): void {
  log.error(
    {
      refund: refund.id,
      account: refund.account,
      amount: refund.amount,
      failedBy: refund.resolution?.by,
      source: settlement.resolution?.source ?? 'provider',
      cancelTid: settlement.provider?.cancel_tid,
    },
    'a refund that had failed was made after all, says an answer: it counts as refunded until a person resolves it',
  )
}
