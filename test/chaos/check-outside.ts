import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
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

export type Clerk = Readonly<{
  /** Books no further payment, and waits for those under way. */
  stop(): Promise<void>
  /** What each ledger must be, and what is wrong with it. */
  check(): Promise<string[]>
  payments(): number
}>

const PAID = 10_000
const CLERKS = 6
const BETWEEN_PAYMENTS_MS = 250
const RETRY_MS = 100
const PATIENCE_MS = 120_000

/**
 * The person who cancels in the provider's console and books it: of payments of its own, whose refunds the provider calls
 * cancelled before. Each booking is asked for until it is answered, and then once more, at gateways that are killed
 * meanwhile: it must be there once.
 */
export function startClerk(gateways: readonly Gateway[], sandboxUrl: string, random: Random): Clerk {
  const booked: Booked[] = []
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

  /** Until it is answered in one of these ways. */
  async function insist(path: string, key: string, body: object, ends: readonly number[]): Promise<number> {
    const until = performance.now() + PATIENCE_MS
    while (performance.now() < until) {
      const { status } = await ask(path, key, body)
      if (ends.includes(status)) return status
      await sleep(RETRY_MS)
    }
    throw new Error(`${path} was never answered with ${ends}`)
  }

  async function bookOne(): Promise<void> {
    const tid = `cancelled-outside${randomUUID().slice(0, 8)}-${PAID}`
    const refund = { tid, reason: 'reason', payment: { method: 'card_auth', amount: PAID } }
    const key = randomUUID()
    if ((await insist('/refunds', key, refund, [422, 202])) === 202) {
      const { body } = await ask('/refunds', key, refund)
      const { id } = body as { id?: string }
      if (id === undefined) return
      await insist(
        `/refunds/${id}/resolve`,
        key,
        { outcome: 'failed', note: 'The console shows none.' },
        [200, 409],
      )
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
      const body = { amount: figure, note: 'Cancelled in the console.' }
      await insist(path, own, body, [201])
      if (random.chance(0.5)) await insist(path, own, body, [201])
    }
    booked.push({ tid, bookings })
  }

  const failures: string[] = []
  async function work(): Promise<void> {
    while (!isOver) {
      await bookOne().catch((error: unknown) => failures.push(String(error)))
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
    async check() {
      const { url } = gateways[0] as Gateway
      const found = await Promise.all(
        booked.map(async ({ tid, bookings }) => {
          const ledger = (await (await fetch(`${url}/payments/${tid}`)).json()) as Ledger
          const outside = bookings.reduce((sum, figure) => sum + figure, 0)
          const isSame =
            ledger.outside === outside &&
            ledger.remaining === PAID - outside &&
            ledger.refunded === 0 &&
            ledger.outside_refunds.map(({ amount }) => amount).join() === bookings.join()
          return isSame ? [] : [`${tid}: booked ${bookings}, the ledger is ${JSON.stringify(ledger)}`]
        }),
      )
      return [...failures, ...found.flat()]
    },
  }
}
