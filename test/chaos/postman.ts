import { setTimeout as sleep } from 'node:timers/promises'
import { koreanDateTime, koreanDigits } from '../../src/sandbox/korean-time.ts'
import type { Cancel } from './histories.ts'
import type { Gateway } from './processes.ts'
import type { Random } from './random.ts'

/** The secret that the gateways of the run take notifications by. */
export const NOTIFICATION_SECRET = 'the-secret-of-the-chaos-run-is-no-secret'

const POLL_MS = 300
const LATEST_MS = 4_000
/** No refund of the run has such an amount. */
const FORGED_AMOUNT = 7

/** What was sent, and what was answered to what no answer may be given. */
export type Post = Readonly<{
  sent: Record<'ordinary' | 'lost' | 'doubled' | 'late' | 'forged' | 'without the secret', number>
  violations: string[]
}>

export type Postman = Readonly<{ stop(): Promise<void>; post: Post }>

/**
 * Sends the notifications of all cancels that the sandbox has applied, as a network would: some are lost, doubled or come
 * late, behind others. Now and then one is forged: without the secret it must not be heard, and with it none may settle
 * what has another amount.
 */
export function startPostman(gateways: readonly Gateway[], sandboxUrl: string, random: Random): Postman {
  const known = new Set<string>()
  const under = new Set<Promise<void>>()
  const post: Post = {
    sent: { ordinary: 0, lost: 0, doubled: 0, late: 0, forged: 0, 'without the secret': 0 },
    violations: [],
  }
  let isOver = false

  async function send(members: object, secret = NOTIFICATION_SECRET): Promise<void> {
    const { url } = random.pick(gateways as [Gateway, ...Gateway[]])
    const isForm = random.chance(0.3)
    const body = isForm
      ? new URLSearchParams(members as Record<string, string>)
      : JSON.stringify(random.chance(0.3) ? upper(members) : members)
    try {
      const answer = await fetch(`${url}/cookiepay/notifications/${secret}`, {
        method: 'POST',
        body,
        signal: AbortSignal.timeout(10_000),
      })
      await answer.arrayBuffer()
      const isHeard = answer.status === 200
      if (secret !== NOTIFICATION_SECRET && isHeard) post.violations.push('one without the secret was heard')
    } catch {
      // The gateway is down: this one is lost.
    }
  }

  function later(delayMs: number, work: () => Promise<void>): void {
    const sending = sleep(delayMs)
      .then(work)
      .finally(() => under.delete(sending))
    under.add(sending)
  }

  function deliver(cancel: Cancel & { tid: string }): void {
    const { tid, amount, at } = cancel
    const written = random.chance(0.5) ? koreanDigits(new Date(at)) : koreanDateTime(new Date(at))
    const members = { noti_type: 'cancel', tid, cancel_amount: String(amount), cancel_date: written }
    const fate = random.weighted([
      [5, 'ordinary'],
      [2, 'lost'],
      [2, 'doubled'],
      [2, 'late'],
    ] as const)
    post.sent[fate] += 1
    if (fate !== 'lost') later(fate === 'late' ? random.integer(500, LATEST_MS) : 0, () => send(members))
    if (fate === 'doubled') later(random.integer(0, LATEST_MS), () => send(members))
    if (random.chance(0.1)) {
      post.sent.forged += 1
      later(0, () => send({ ...members, cancel_amount: String(FORGED_AMOUNT) }))
    }
    if (random.chance(0.1)) {
      post.sent['without the secret'] += 1
      later(0, () => send(members, `${NOTIFICATION_SECRET}x`))
    }
  }

  async function walk(): Promise<void> {
    while (!isOver) {
      await sleep(POLL_MS)
      const answer = await fetch(`${sandboxUrl}/sandbox/cancels`).catch(() => null)
      const found = (await answer?.json().catch(() => null)) as {
        applied: (Cancel & { tid: string })[]
      } | null
      for (const cancel of found?.applied ?? []) {
        if (known.has(cancel.cancel_tid)) continue
        known.add(cancel.cancel_tid)
        deliver(cancel)
      }
    }
  }

  const walking = walk()
  return {
    post,
    async stop() {
      isOver = true
      await walking
      await Promise.all(under)
    },
  }
}

function upper(members: object): object {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name.toUpperCase(), value]))
}
