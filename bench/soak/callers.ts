import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { API_KEY } from '../requests.ts'
import { chooseRefund, type SoakRefund } from './mix.ts'

export type Callers = Readonly<{
  /** How many answers there were, by what they were. */
  answers: Readonly<Record<string, number>>
  /** The latencies of new refunds without a fault since the last look, ascending, in milliseconds. */
  takeLatencies(): Float64Array
  /** Makes no more requests, and waits for those under way. */
  stop(): Promise<void>
}>

const TICK_MS = 20
const CONNECTIONS = 64
/** A gateway that does not keep up is noticed by this, not by the memory of this process. */
const MOST_UNDER_WAY = 1_000
const REPEATED_PART = 0.2
const REMEMBERED = 500

type Made = Readonly<{ key: string; refund: SoakRefund }>

/** Callers who make so many requests a second whatever the answers are; some repeat an earlier one. */
export function startCallers(url: string, requestsPerSecond: number): Callers {
  const pool = new Pool(url, { connections: CONNECTIONS })
  const answers: Record<string, number> = {}
  const made: Made[] = []
  const underWay = new Set<Promise<void>>()
  let latencies: number[] = []
  let isOver = false

  async function call({ key, refund }: Made, isNew: boolean): Promise<void> {
    const startedAt = performance.now()
    const { statusCode, headers, body } = await pool.request({
      method: 'POST',
      path: '/refunds',
      headers: {
        authorization: `Bearer ${API_KEY}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      body: JSON.stringify(refund.body),
    })
    const { code } = (await body.json()) as { code?: string }
    const replayed = headers['idempotent-replayed'] === 'true' ? 'replayed' : ''
    const answer = [statusCode, code, replayed].filter(Boolean).join(' ')
    answers[answer] = (answers[answer] ?? 0) + 1
    if (isNew && !refund.hasFault) latencies.push(performance.now() - startedAt)
  }

  function callOnce(): void {
    const earlier =
      Math.random() < REPEATED_PART && made.length > 0 ? made[randomInt(made.length)] : undefined
    const own = earlier ?? { key: randomUUID(), refund: chooseRefund() }
    if (earlier === undefined) made[randomInt(REMEMBERED)] = own
    const calling = call(own, earlier === undefined)
      .catch((error: Error) => {
        answers[error.message] = (answers[error.message] ?? 0) + 1
      })
      .finally(() => underWay.delete(calling))
    underWay.add(calling)
  }

  async function callSteadily(): Promise<void> {
    const startedAt = performance.now()
    for (let called = 0; !isOver; await sleep(TICK_MS)) {
      const due = ((performance.now() - startedAt) / 1_000) * requestsPerSecond
      for (; called < due && underWay.size < MOST_UNDER_WAY; called += 1) callOnce()
    }
    await Promise.all(underWay)
  }

  const calling = callSteadily()
  return {
    answers,
    takeLatencies() {
      const taken = Float64Array.from(latencies).sort()
      latencies = []
      return taken
    },
    async stop() {
      isOver = true
      await calling
      await pool.close()
    },
  }
}
