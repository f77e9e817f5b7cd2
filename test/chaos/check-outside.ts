import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunClock } from './clock.ts'
import { accountOf, type Lapse } from './histories.ts'
import type { Gateway } from './processes.ts'
import type { Random } from './random.ts'

type Ledger = Readonly<{
  amount: number
  outside: number
  remaining: number
  refunded: number
  outside_refunds: readonly { amount: number }[]
}>

/** What the clerk has booked of one payment. */
type Booked = Readonly<{ tid: string; bookings: readonly number[] }>

/** What went wrong with a payment of its own, and from when on it was at it, in milliseconds since the start of the run. */
type Failure = Readonly<{ detail: string; sinceMs: number }>

export type Clerk = Readonly<{
  /** Books no further payment, and waits for those under way. */
  stop(): Promise<void>
  /** What is wrong, but for what the store may have forgotten. */
  check(lapses: readonly Lapse[]): Promise<string[]>
  payments(): number
  /** The tids of all that it has asked of the gateway. */
  tids(): readonly string[]
}>

const PAID = 10_000
const CLERKS = 6
const BETWEEN_PAYMENTS_MS = 250
const RETRY_MS = 100
const RESOLVED = { outcome: 'failed', note: 'The console shows none.' }
const PATIENCE_MS = 120_000

export type ClerkParts = Readonly<{
  gateways: readonly Gateway[]
  sandboxUrl: string
  random: Random
  clock: RunClock
}>

/**
 * The person who cancels in the provider's console and books it: of payments of its own, whose refunds the provider calls
 * cancelled before. Each booking is asked for until it is answered, and then once more, at gateways that are killed
 * meanwhile: it must be there once.
 */
export function startClerk({ gateways, sandboxUrl, random, clock }: ClerkParts): Clerk {
  const booked: Booked[] = []
  const asked: string[] = []
  let isOver = false

  async function ask(path: string, key: string, body: object): Promise<{ status: number; body: unknown }> {
    const { url } = random.pick(gateways as [Gateway, ...Gateway[]])
    try {
      const answer = await fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(15_000),
      })
      return { status: answer.status, body: await answer.json() }
    } catch {
      return { status: 0, body: null }
    }
  }

  type Answer = Awaited<ReturnType<typeof ask>>

  /** Until it is answered in one of these ways. */
  async function insist(path: string, key: string, body: object, ends: readonly number[]): Promise<Answer> {
    const until = performance.now() + PATIENCE_MS
    while (performance.now() < until) {
      const answer = await ask(path, key, body)
      if (ends.includes(answer.status)) return answer
      await sleep(RETRY_MS)
    }
    throw new Error(`${path} was never answered with ${ends}`)
  }

  async function bookOne(tid: string): Promise<void> {
    asked.push(tid)
    const account = accountOf(tid)
    const refund = { account, tid, reason: 'reason', payment: { method: 'card_auth', amount: PAID } }
    const key = randomUUID()
    // Told as unknown, it may still be in flight where the store was away.
    for (;;) {
      const told = await insist('/refunds', key, refund, [422, 202])
      if (told.status === 422) break
      const { id } = told.body as { id: string }
      await ask(`/refunds/${id}/resolve`, randomUUID(), RESOLVED)
      await sleep(RETRY_MS)
    }
    const amount = random.integer(1, 9) * 1_000
    await fetch(`${sandboxUrl}/sandbox/cancels`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tid, amount }),
      signal: AbortSignal.timeout(15_000),
    }).catch(() => {})
    const bookings = random.chance(0.3) ? [amount, -1_000, 500] : [amount]
    const path = `/payments/${tid}/outside-refunds`
    for (const figure of bookings) {
      const own = randomUUID()
      const body = { account, amount: figure, note: 'Cancelled in the console.' }
      await insist(path, own, body, [201])
      if (random.chance(0.5)) await insist(path, own, body, [201])
    }
    booked.push({ tid, bookings })
  }

  const failures: Failure[] = []
  const beganAt = new Map<string, number>()
  async function work(): Promise<void> {
    while (!isOver) {
      const tid = `cancelled-outside${randomUUID().slice(0, 8)}-${PAID}`
      beganAt.set(tid, clock.ms())
      await bookOne(tid).catch((error: unknown) =>
        failures.push({ detail: `${tid}: ${error}`, sinceMs: beganAt.get(tid) ?? 0 }),
      )
      await sleep(BETWEEN_PAYMENTS_MS)
    }
  }

  const working = Promise.all(Array.from({ length: CLERKS }, work))
  return {
    async stop() {
      isOver = true
      await working
    },
    payments: () => booked.length,
    tids: () => asked,
    async check(lapses) {
      const { url } = gateways[0] as Gateway
      const found: Failure[][] = await Promise.all(
        booked.map(async ({ tid, bookings }) => {
          const ledger = (await (
            await fetch(`${url}/payments/${tid}?account=${accountOf(tid)}`)
          ).json()) as Ledger
          const outside = bookings.reduce((sum, figure) => sum + figure, 0)
          const isSame =
            ledger.outside === outside &&
            ledger.remaining === PAID - outside &&
            ledger.refunded === 0 &&
            ledger.outside_refunds.map(({ amount }) => amount).join() === bookings.join()
          const detail = `${tid}: booked ${bookings}, the ledger is ${JSON.stringify(ledger)}`
          return isSame ? [] : [{ detail, sinceMs: beganAt.get(tid) ?? 0 }]
        }),
      )
      // What was done before the store went back, it may know nothing of.
      const isForgiven = ({ sinceMs }: Failure) => lapses.some(({ toMs }) => sinceMs <= toMs)
      return [...failures, ...found.flat()].filter((one) => !isForgiven(one)).map(({ detail }) => detail)
    },
  }
}
