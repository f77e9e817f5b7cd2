import type { Provider, RefundObserver, RefundStore, StoredRefund, UnsettledRefund } from './ports.ts'

export type ReconcilerParts = Readonly<{
  store: RefundStore
  provider: Provider
  observer: RefundObserver
  /** How often unsettled refunds are looked at, give or take a half. */
  intervalMs: number
}>

/** Looks after unsettled refunds in the background. */
export type Reconciler = Readonly<{
  /** Looks at what is due now. Throws StoreError. */
  sweep(): Promise<void>
  /** Starts no further sweep, and waits for the one under way. */
  stop(): Promise<void>
}>

/** The longest pause between two lookups of one refund. */
const LONGEST_PAUSE_MS = 6 * 3_600_000

/** An unknown partial or a disputed refund waits for a person; it is only looked at to see whether one has come. */
const PERSON_PAUSE_MS = LONGEST_PAUSE_MS

/** A `processing` that is due all the same had its lease renewed: it is over soon. */
const LEASED_PAUSE_MS = 1_000

/** How many lookups run at a time: few, since they are in nobody's way. */
const LOOKUPS_AT_ONCE = 4

/**
 * A sweep that takes longer, because the provider is slow, leaves the rest: the store hands it out again a
 * minute after it was taken, and no two replicas are to look at the same refund at once.
 */
const LONGEST_SWEEP_MS = 20_000

/**
 * Runs in every replica, without a leader: the store hands each due refund to one of them at a time. An
 * expired `processing` becomes `unknown`; an unknown full refund is looked up at the provider, first at once,
 * then after pauses that double; an unknown partial refund and a disputed one are left for a person.
 */
export function startReconciler(parts: ReconcilerParts): Reconciler {
  let timer: NodeJS.Timeout | undefined
  let sweeping: Promise<void> = Promise.resolve()
  let isStopped = false
  const sweepOnce = () => sweep(parts, () => isStopped)

  function schedule(): void {
    if (isStopped) return
    // Jitter, so that replicas that were started together do not sweep together.
    const pauseMs = parts.intervalMs * (0.5 + Math.random())
    timer = setTimeout(() => {
      // A store that is away is reported by the store itself; the refunds wait for the next sweep.
      sweeping = sweepOnce()
        .catch(() => {})
        .finally(schedule)
    }, pauseMs).unref()
  }

  schedule()
  return {
    sweep: sweepOnce,
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await sweeping
    },
  }
}

async function sweep(parts: ReconcilerParts, isStopped: () => boolean): Promise<void> {
  const due = [...(await parts.store.takeDue())]
  const startedAt = performance.now()
  const isOver = () => isStopped() || performance.now() - startedAt > LONGEST_SWEEP_MS
  const worker = async () => {
    for (let unsettled = due.pop(); unsettled !== undefined && !isOver(); unsettled = due.pop()) {
      await lookAt(parts, unsettled)
    }
  }
  await Promise.all(Array.from({ length: LOOKUPS_AT_ONCE }, worker))
}

async function lookAt(parts: ReconcilerParts, unsettled: UnsettledRefund): Promise<void> {
  // Reading it makes an expired `processing` unknown.
  const stored = await parts.store.findByClaim(unsettled)
  switch (stored?.refund.status) {
    case 'failed':
      if (stored?.refund.disputed) return leaveToPerson(parts, unsettled, stored)
      return parts.store.drop(unsettled)
    case undefined:
    case 'succeeded':
      return parts.store.drop(unsettled)
    case 'processing':
      return parts.store.lookAgain(unsettled, LEASED_PAUSE_MS)
    case 'unknown':
      return lookUp(parts, unsettled, stored as StoredRefund)
  }
}

async function lookUp(
  parts: ReconcilerParts,
  unsettled: UnsettledRefund,
  stored: StoredRefund,
): Promise<void> {
  const { refund } = stored
  // How a partly cancelled payment looks in the lookup is not documented (facts): it never settles a part.
  if (refund.kind === 'partial') return leaveToPerson(parts, unsettled, stored)

  await parts.store.keepKey(stored)
  const found = await parts.provider.lookUp({
    merchant: unsettled.merchant,
    tid: unsettled.tid,
    amount: refund.amount,
    requestedAt: Date.parse(refund.created_at),
  })
  if (found.outcome === 'inconclusive') {
    return parts.store.lookAgain(unsettled, pauseMs(parts, stored))
  }
  const settlement = {
    status: 'succeeded',
    provider: refund.provider,
    refunded_at: found.refundedAt,
    failure: null,
    resolution: { source: 'lookup', by: null, note: null, at: new Date().toISOString() },
    bookedAmount: null,
  } as const
  const settled = await parts.store.settle(stored, settlement)
  if (settled.result === 'conflict') parts.observer.conflict(settled.stored.refund, settlement, false)
  if (settled.result === 'disputed') parts.observer.disputed(settled.stored.refund, settlement)
  if (settled.result === 'settled') parts.observer.resolved(settled.stored.refund)
}

async function leaveToPerson(
  { store }: ReconcilerParts,
  unsettled: UnsettledRefund,
  stored: StoredRefund,
): Promise<void> {
  await store.keepKey(stored)
  await store.lookAgain(unsettled, PERSON_PAUSE_MS)
}

/** As long as it has been unknown already, so that pauses double: seconds, then minutes, then hours. */
function pauseMs({ intervalMs }: ReconcilerParts, { refund, history }: StoredRefund): number {
  const unknownSince = history.find(({ event }) => event === 'unknown')?.at ?? refund.updated_at
  const ageMs = Date.now() - Date.parse(unknownSince)
  return Math.min(Math.max(ageMs, intervalMs), LONGEST_PAUSE_MS)
}
