import type { Journal, JournalEntry, JournalledChange } from '../../src/refunds/ports/journal.ts'
import type { Refund } from '../../src/refunds/refund.ts'
import type { StoredRefund } from '../../src/refunds/stored-refund.ts'

/** Midnight in Korea, as the 26th begins. */
export const MIDNIGHT = Date.UTC(2026, 10, 25, 15)

/** What happens to a refund at a moment, and how much later it is journalled; `counted`: what the ledger takes. */
export type Happening = Readonly<{ id: string; at: number; change: JournalledChange }> &
  Partial<Readonly<{ lag: number; merchant: string; counted: number; refund: Partial<Refund> }>>

/** A journal and its refunds in memory, by the rules that ports/journal.ts states. */
export function createMemoryJournal() {
  const entries: JournalEntry[] = []
  const refunds = new Map<string, StoredRefund>()
  const reads: { limit: number; entries: number }[] = []
  let now = MIDNIGHT + 86_400_000
  let sequence = 0

  const journal: Journal = {
    async read({ fromMs, toMs, after, limit }) {
      const behind = entries
        .filter(({ at, position }) => at >= fromMs && at < toMs && (after === null || position > after))
        .sort((one, other) => (one.position < other.position ? -1 : 1))
      const page = behind.slice(0, limit)
      reads.push({ limit, entries: page.length })
      return { entries: page, next: behind.length > limit ? (page.at(-1)?.position ?? null) : null }
    },
  }

  /** The state of a refund changes, and the change is journalled. */
  function happen({
    id,
    at,
    change,
    lag = 0,
    merchant = 'm',
    counted,
    refund = {},
  }: Happening): StoredRefund {
    const before = refunds.get(id)
    const stored = changed(before ?? begun(id, merchant, refund), { at, change, counted })
    refunds.set(id, { ...stored, refund: { ...stored.refund, ...refund } })
    sequence += 1
    const number = entries.filter((entry) => entry.id === id).length + 1
    const position = `${String(at + lag).padStart(15, '0')}-${String(sequence).padStart(8, '0')}`
    entries.push({ position, change, at, id, merchant, tid: stored.refund.tid, number })
    return stored
  }

  return {
    journal,
    store: {
      now: () => now,
      findMany: async (claims: readonly Readonly<{ id: string }>[]) =>
        claims.map(({ id }) => refunds.get(id) ?? null),
    },
    happen,
    forget: (id: string) => refunds.delete(id),
    setNow: (at: number) => {
      now = at
    },
    reads,
  }
}

function changed(
  stored: StoredRefund,
  { at, change, counted }: { at: number; change: JournalledChange; counted: number | undefined },
): StoredRefund {
  const when = new Date(at).toISOString()
  const { refund, history } = stored
  const status = change === 'disputed' ? 'failed' : (change as Refund['status'])
  const past =
    change === 'unknown'
      ? [{ event: 'unknown', cause: 'provider', at: when } as const]
      : change === 'disputed'
        ? [
            { event: 'failed', cause: 'recorded', at: refund.updated_at } as const,
            { event: 'disputed', cause: 'provider', at: when } as const,
          ]
        : []
  const { disputed: _, ...rest } = refund
  return {
    ...stored,
    countedAmount: counted ?? refund.amount,
    history: [...history, ...past],
    refund: {
      ...rest,
      status,
      failure: status === 'failed' ? { code: 'provider_declined', detail: 'no' } : null,
      updated_at: when,
      ...(change === 'disputed' && { disputed: true as const }),
    },
  }
}

function begun(id: string, merchant: string, refund: Partial<Refund>): StoredRefund {
  const made = new Date(MIDNIGHT - 60_000).toISOString()
  return {
    merchant,
    attempt: 'a',
    fingerprint: 'f',
    history: [],
    countedAmount: 1000,
    countedTaxFree: 0,
    earlier: [],
    disputedBy: null,
    asking: null,
    refund: {
      id,
      status: 'processing',
      account: 'default',
      tid: `t-${id}`,
      kind: 'full',
      amount: 1000,
      tax_free_amount: null,
      reason: '고객 변심',
      reference: null,
      refund_account: null,
      provider: null,
      refunded_at: null,
      failure: null,
      resolution: null,
      deposit: null,
      requested_by: 'orders',
      metadata: {},
      created_at: made,
      updated_at: made,
      ...refund,
    },
  }
}
