import type { RefundEvent } from '../../src/refunds/history.ts'
import type { Refund } from '../../src/refunds/refund.ts'
import type { StoredPayment } from './histories.ts'
import type { Received } from './receivers.ts'
import type { Violation } from './violations.ts'

const ENDPOINTS = ['flaky', 'slow']
const CHANGES = ['succeeded', 'failed', 'unknown', 'disputed']

/**
 * Each change of each refund has reached each endpoint, which has said that it took it, at least once; whatever reached
 * one is genuine, and of a change that was made. Pure.
 */
export function findEventViolations(
  stored: ReadonlyMap<string, StoredPayment>,
  received: readonly Received[],
  { hasLapsed }: Readonly<{ hasLapsed: boolean }>,
): Violation[] {
  const violations: Violation[] = []
  const taken = new Set(received.filter(({ isTaken }) => isTaken).map(nameOf))
  const made = new Set<string>()
  for (const [tid, { refunds, events }] of stored) {
    for (const refund of refunds) {
      const changes = changesOf(events.get(refund.id) ?? [])
      for (const [index, change] of changes.entries()) {
        const event = { id: `evt_${refund.id}_${index + 1}`, type: `refund.${change}` }
        made.add(`${event.id} ${event.type}`)
        for (const endpoint of ENDPOINTS) {
          if (taken.has(nameOf({ endpoint, ...event }))) continue
          violations.push(violation(tid, refund, `${endpoint} was never told ${event.id}, ${event.type}`))
        }
      }
    }
  }
  for (const event of received) {
    if (!event.isVerified) violations.push(violation('', null, `${event.id} is not signed as it must be`))
    // What ran on older data for a moment may have told what was so there.
    if (!hasLapsed && !made.has(`${event.id} ${event.type}`)) {
      violations.push(
        violation('', null, `${event.endpoint} was told ${event.id}, ${event.type}: nothing changed so`),
      )
    }
  }
  return violations
}

/** What the refund became, one after the other. */
function changesOf(events: readonly RefundEvent[]): string[] {
  const names = events.map(({ event }) => String(event)).filter((event) => CHANGES.includes(event))
  return names.filter((name, index) => name !== names[index - 1])
}

function nameOf({ endpoint, id, type }: Pick<Received, 'endpoint' | 'id' | 'type'>): string {
  return `${endpoint} ${id} ${type}`
}

function violation(tid: string, refund: Refund | null, detail: string): Violation {
  return { invariant: 'delivered', tid, key: refund?.metadata.key ?? null, detail }
}
