import { randomUUID } from 'node:crypto'
import { koreanDateTime, koreanDigits } from './korean-time.ts'
import type { AppliedCancel } from './payments.ts'

/** How the notification of one cancel is sent. */
type Sending = Readonly<{
  /** After the cancel, each; none: never. */
  afterMs: readonly number[]
  form: 'json' | 'form'
  letters: 'lower' | 'upper'
  amount: (amount: number) => string | number
  date: (at: Date) => string | undefined
  /** Which tid it has. */
  tid: 'payment' | 'cancel'
}>

const ORDINARY: Sending = {
  afterMs: [20],
  form: 'json',
  letters: 'lower',
  amount: String,
  date: koreanDigits,
  tid: 'payment',
}

const LATE_MS = 2_000

/** What a segment of a tid, other than its first, does to the notifications of that payment. */
export const NOTIFICATION_FAULTS: readonly Readonly<{
  name: string
  does: string
  sending: Partial<Sending>
}>[] = [
  { name: 'notinever', does: 'sends none', sending: { afterMs: [] } },
  {
    name: 'notilate',
    does: 'sends it after 2 s, behind those of later cancels',
    sending: { afterMs: [LATE_MS] },
  },
  {
    name: 'notitwice',
    does: 'sends it twice, and once more after 2 s',
    sending: { afterMs: [20, 40, LATE_MS] },
  },
  { name: 'notifirst', does: 'sends it before the cancel is answered', sending: { afterMs: [0] } },
  { name: 'notiform', does: 'sends it as a form', sending: { form: 'form' } },
  { name: 'notiupper', does: 'names its members in upper case', sending: { letters: 'upper' } },
  { name: 'notinumber', does: 'writes the amount as a number', sending: { amount: (amount) => amount } },
  {
    name: 'noticomma',
    does: 'writes the amount with separators',
    sending: { amount: (amount) => amount.toLocaleString('en-US') },
  },
  { name: 'notidate', does: 'writes the date in the form of lookups', sending: { date: koreanDateTime } },
  { name: 'notiundated', does: 'leaves the date out', sending: { date: () => undefined } },
  {
    name: 'noticanceltid',
    does: 'names the tid of the cancel, not of the payment',
    sending: { tid: 'cancel' },
  },
]

/** What was sent, and how it was answered; null: not yet, or not at all. */
export type SentNotification = { readonly tid: string; readonly amount: number; status: number | null }

export type Notifier = ReturnType<typeof createNotifier>

const MOST_REMEMBERED = 10_000

/**
 * Sends notifications of cancels as CookiePay's servers do (docs/provider.md, Notifications), whose form is documented for
 * approvals alone: this one is as two integrators read it. Without an address none are sent.
 */
export function createNotifier(initialUrl: string | null) {
  let url = initialUrl
  const sent: SentNotification[] = []
  const timers = new Set<NodeJS.Timeout>()

  async function send(one: SentNotification, body: string, contentType: string): Promise<void> {
    try {
      const answer = await fetch(url as string, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body,
        // As CookiePay's servers: the exact address must be registered.
        redirect: 'manual',
        signal: AbortSignal.timeout(10_000),
      })
      one.status = answer.status
      await answer.arrayBuffer()
    } catch {
      // Nobody is there. Whether CookiePay tries again is not documented; this does not.
    }
  }

  return {
    cancelled(tid: string, cancel: AppliedCancel, type: 'cancel' | 'deposit_cancel' = 'cancel'): void {
      if (url === null) return
      const sending = sendingOf(tid)
      const { body, contentType } = messageOf(tid, cancel, { type, sending })
      for (const afterMs of sending.afterMs) {
        const timer = setTimeout(() => {
          timers.delete(timer)
          const one: SentNotification = { tid, amount: cancel.amount, status: null }
          sent.push(one)
          if (sent.length > MOST_REMEMBERED) sent.shift()
          void send(one, body, contentType)
        }, afterMs)
        timers.add(timer.unref())
      }
    },
    setUrl(next: string | null): void {
      url = next
    },
    sent: (): readonly SentNotification[] => sent,
    close(): void {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}

function sendingOf(tid: string): Sending {
  const [, ...segments] = tid.toLowerCase().split('-')
  const faults = NOTIFICATION_FAULTS.filter(({ name }) => segments.includes(name))
  return Object.assign({}, ORDINARY, ...faults.map(({ sending }) => sending)) as Sending
}

function messageOf(
  tid: string,
  { amount, at, cancelTid }: AppliedCancel,
  { type, sending }: Readonly<{ type: string; sending: Sending }>,
): { body: string; contentType: string } {
  const members: Record<string, string | number | undefined> = {
    noti_type: type,
    paymethod: 'CARD',
    orderno: `order-${randomUUID().slice(0, 8)}`,
    cancel_amount: sending.amount(amount),
    tid: sending.tid === 'payment' ? tid : cancelTid,
    cancel_date: sending.date(at),
  }
  const named = Object.entries(members).flatMap(([name, value]) =>
    value === undefined ? [] : [[sending.letters === 'upper' ? name.toUpperCase() : name, value] as const],
  )
  if (sending.form === 'json') {
    return { body: JSON.stringify(Object.fromEntries(named)), contentType: 'application/json' }
  }
  const form = new URLSearchParams(named.map(([name, value]) => [name, String(value)]))
  return { body: form.toString(), contentType: 'application/x-www-form-urlencoded' }
}
