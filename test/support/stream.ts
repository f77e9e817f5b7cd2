import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { metric, until } from './calls.ts'
import { refundRequest, type TestGateway } from './gateway.ts'
import type { Sandbox } from './sandbox.ts'

/** How long a stream of refunds may be held up by a failover. */
export const FAILOVER_MS = 20_000

const CALLERS = 8

/** A refund that was made, and the key that it was made with. */
export type MadeRefund = Readonly<{ tid: string; key: string }>

export type Stream = Readonly<{
  /** The codes of the problems that were met on the way. */
  problems: ReadonlySet<string>
  /** Waits until so many refunds more have been made. */
  more(count: number): Promise<void>
  /** Makes no new ones, and waits until those that were begun have been made. */
  stop(): Promise<readonly MadeRefund[]>
}>

/** Callers that make one refund after the other, and repeat each with the same key until it is made. */
export function startStream({ refund }: TestGateway): Stream {
  const problems = new Set<string>()
  const made: MadeRefund[] = []
  let isOver = false

  async function makeOne(): Promise<void> {
    const body = refundRequest({ tid: `delay20-${randomUUID().slice(0, 8)}-10000` })
    const key = randomUUID()
    for (const deadline = Date.now() + FAILOVER_MS; ; ) {
      const { status, body: answered } = await refund(body, key)
      if (status === 201) break
      problems.add(answered.code ?? `${status} ${answered.status}`)
      if (Date.now() > deadline) throw new Error(`not made: ${JSON.stringify(answered)}`)
      await sleep(50)
    }
    made.push({ tid: body.tid, key })
  }

  async function call(): Promise<void> {
    while (!isOver) await makeOne()
  }

  const callers = Promise.all(Array.from({ length: CALLERS }, call))
  return {
    problems,
    more(count) {
      const goal = made.length + count
      const isReached = until(`${count} refunds more`, () => made.length >= goal, FAILOVER_MS)
      return Promise.race([isReached, callers.then(() => {})])
    },
    async stop() {
      isOver = true
      await callers
      return made
    },
  }
}

/**
 * Nothing but these was met on the way, and `idempotency_in_progress`: a begin of which no answer came back
 * stands until it is undone in the background.
 */
export function isHeldUpBy(t: Test, { problems }: Stream, codes: readonly string[]): void {
  const others = [...problems].filter((code) => ![...codes, 'idempotency_in_progress'].includes(code))
  t.same(others, [], `held up by ${[...problems].join(', ') || 'nothing'}`)
}

/** Each is known to the store, and was sent to the provider once. */
export async function isEachSentOnce(
  t: Test,
  sandbox: Sandbox,
  gateway: TestGateway,
  made: readonly MadeRefund[],
): Promise<void> {
  const pendingWrites = () => metric(gateway, 'refund_gateway_pending_writes')
  await until('what was told is stored', async () => (await pendingWrites()) === 0)
  const wrong: string[] = []
  for (const { tid, key } of made) {
    let answer = await gateway.refund(refundRequest({ tid }), key)
    for (const deadline = Date.now() + FAILOVER_MS; answer.status === 503 && Date.now() < deadline; ) {
      await sleep(50)
      answer = await gateway.refund(refundRequest({ tid }), key)
    }
    const { status, headers } = answer
    const isReplayed = status === 201 && headers.get('idempotent-replayed') === 'true'
    const { calls, applied } = await sandbox.cancels(tid)
    if (!isReplayed || calls !== 1 || applied.length !== 1) wrong.push(`${tid}: ${status}, ${calls} calls`)
  }
  t.same(wrong, [], `each of ${made.length} is known, and was sent once`)
}
