import type { StoredRefund } from './ports.ts'

/** Something that happened to a refund. */
export type RefundEvent = Readonly<{
  /** ISO 8601. */
  at: string
  event: 'processing' | 'unknown' | 'succeeded' | 'failed' | 'conflict'
  /** Who or what brought it about. */
  source: 'caller' | 'provider' | 'lease' | 'lookup' | 'operator'
  /** The caller that asked for it or resolved it. */
  by: string | null
  note: string | null
}>

/** Everything that happened to a refund, oldest first: its intent, its history and its outcome. */
export function refundEvents({ refund, history }: StoredRefund): RefundEvent[] {
  const nobody = { by: null, note: null }
  const events: RefundEvent[] = []
  for (const { at, event, cause } of history) {
    events.push(
      event === 'unknown'
        ? { at, event, source: cause === 'lease' ? 'lease' : 'provider', ...nobody }
        : { at, event, source: 'provider', by: null, note: `an answer said ${cause}` },
    )
  }
  if (refund.status === 'succeeded' || refund.status === 'failed') {
    const { source, by, note } = refund.resolution ?? { source: 'provider' as const, ...nobody }
    events.push({ at: refund.updated_at, event: refund.status, source, by, note })
  }
  events.sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
  // First, whatever its time: that is of the gateway's clock, and the others are of Redis's.
  const by = refund.requested_by
  return [{ at: refund.created_at, event: 'processing', source: 'caller', by, note: null }, ...events]
}
