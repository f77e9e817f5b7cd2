import { Webhook } from 'standardwebhooks'
import type { EventEndpoint } from '../config/config.ts'
import { EVENT_TYPES, type EventType } from '../refunds/event-types.ts'
import type { JournalEntry } from '../refunds/ports/journal.ts'
import type { Refund } from '../refunds/refund.ts'
import type { ShownLedger } from '../refunds/shown-ledger.ts'

/** What is sent, and who it is from as far as that can be verified. */
export type Message = Readonly<{ headers: Readonly<Record<string, string>>; body: string }>

/** What an event tells of, as it is when it is sent. */
export type Subject = Refund | ShownLedger<Refund>

/** What happened, as endpoints ask for it. */
export function eventTypeOf({ change }: JournalEntry): EventType {
  return EVENT_TYPES[change]
}

/** The same whenever this change is told, to whomever. Without a full stop, as the specification asks. */
export function eventIdOf({ id, number }: JournalEntry): string {
  return `evt_${id}_${number}`
}

/** Whether the endpoint asks for such events. */
export function asksFor({ events }: Pick<EventEndpoint, 'events'>, entry: JournalEntry): boolean {
  return events === null || events.includes(eventTypeOf(entry))
}

/** Whether what happened is the endpoint's business. A payment is nobody's alone. */
export function concerns({ callers }: Pick<EventEndpoint, 'callers'>, subject: Subject): boolean {
  return callers === null || ('requested_by' in subject && callers.includes(subject.requested_by))
}

/** The event, signed by the Standard Webhooks specification. `at`: now, in milliseconds since 1970. */
export function signedMessage(
  { secret, callers }: Pick<EventEndpoint, 'secret' | 'callers'>,
  { entry, subject, at }: Readonly<{ entry: JournalEntry; subject: Subject; at: number }>,
): Message {
  const id = eventIdOf(entry)
  const body = JSON.stringify({
    type: eventTypeOf(entry),
    timestamp: new Date(entry.at).toISOString(),
    data: callers === null ? cutDown(subject) : subject,
  })
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'cookiepay-refund-gateway',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, new Date(at), body),
  }
  return { headers, body }
}

/** What goes to endpoints that are nobody's: no account of a customer, and nothing that a caller keeps for itself. */
function cutDown(subject: Subject): object {
  if ('refunds' in subject) return { ...subject, refunds: subject.refunds.map(withoutOwn) }
  return withoutOwn(subject)
}

function withoutOwn(refund: Partial<Refund>): object {
  const { refund_account: _account, metadata: _metadata, ...shown } = refund
  return shown
}
