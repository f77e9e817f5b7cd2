import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { Agent, request } from 'undici'
import type { RefundEvent } from '../../src/refunds/history.ts'
import type { Refund } from '../../src/refunds/refund.ts'
import { ledgerOf } from './caller.ts'
import type { RunClock } from './clock.ts'
import { type AppliedPayment, accountOf, type Cancel, type StoredPayment, takesDeposit } from './histories.ts'
import type { Gateway, Sandbox } from './processes.ts'

/** What is asked of gateways and sandbox beside the callers' story; while one is away, it is asked again. */
export type Reader = Readonly<{
  /** The unsettled refunds of this status; the first hundred, or all of them. */
  unsettled(
    status: 'unknown' | 'processing' | 'awaiting_deposit',
    howMany: 'first' | 'all',
  ): Promise<Refund[]>
  /** `GET /refunds?tid=`, every page. */
  list(tid: string): Promise<Refund[]>
  cancels(tid: string): Promise<AppliedPayment>
  /** Everything that is stored of these payments. */
  stored(tids: readonly string[]): Promise<Map<string, StoredPayment>>
  /** Everything that was applied of these payments. */
  applied(tids: readonly string[]): Promise<Map<string, AppliedPayment>>
  /** How many refunds the limits of the day count, of the run's only caller. */
  counted(): Promise<number>
  /** Resolves once every gateway takes refunds. */
  untilReady(): Promise<void>
  close(): Promise<void>
}>

type Page = { data: Refund[]; next_cursor: string | null }

const AT_ONCE = 12
const PATIENCE_MS = 30_000
/** One gateway may be paused while the others answer. */
const ANSWER_WAIT_MS = 700
const PAUSE_MS = 50

export function createReader(gateways: readonly Gateway[], sandbox: Sandbox, clock: RunClock): Reader {
  const agent = new Agent({ keepAliveTimeout: 2_000, headersTimeout: ANSWER_WAIT_MS })
  let turn = 0

  async function getOnce(url: string): Promise<{ status: number; body: unknown }> {
    const { statusCode, body } = await request(url, { dispatcher: agent })
    return { status: statusCode, body: await body.json() }
  }

  /** The body, of any gateway; null where there is no such thing. */
  async function get<Body>(path: string): Promise<Body | null> {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      turn += 1
      const { url } = gateways[turn % gateways.length] as Gateway
      const { status, body } = await getOnce(url + path).catch((error) => ({ status: 0, body: error }))
      if (status === 200) return body as Body
      if (status === 404) return null
      if (performance.now() > deadline) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`)
      await sleep(PAUSE_MS)
    }
  }

  async function pages(path: string, howMany: 'first' | 'all'): Promise<Refund[]> {
    const found: Refund[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page = (await get<Page>(`${path}&limit=100${cursor && `&cursor=${cursor}`}`)) as Page
      found.push(...page.data)
      cursor = howMany === 'all' ? page.next_cursor : null
    }
    return found
  }

  const list = (tid: string) => pages(`/refunds?tid=${tid}&account=${accountOf(tid)}`, 'all')

  async function cancels(tid: string): Promise<AppliedPayment> {
    const { body } = await getOnce(`${sandbox.url}/sandbox/cancels?tid=${tid}`)
    const { calls, applied, under_way } = body as {
      calls: number
      applied: Cancel[]
      under_way: { began_at: string; ended_at: string | null }[]
    }
    const underWay = under_way.map(({ began_at, ended_at }) => ({
      beganMs: clock.msOf(began_at),
      endedMs: ended_at === null ? null : clock.msOf(ended_at),
    }))
    return { calls, depositCalls: await depositCalls(tid), cancels: applied, underWay }
  }

  async function depositCalls(tid: string): Promise<number> {
    if (!takesDeposit(tid)) return 0
    const { body } = await getOnce(`${sandbox.url}/sandbox/deposits?tid=${tid}`)
    return (body as { calls: number }).calls
  }

  async function storedPayment(tid: string): Promise<StoredPayment> {
    const payment = await get<Record<string, unknown> & { refunds: Refund[] }>(
      `/payments/${tid}?account=${accountOf(tid)}`,
    )
    const refunds = payment?.refunds ?? []
    const byId = new Map<string, Refund | null>()
    const events = new Map<string, readonly RefundEvent[]>()
    for (const { id } of refunds) {
      byId.set(id, await get<Refund>(`/refunds/${id}`))
      events.set(id, (await get<{ data: RefundEvent[] }>(`/refunds/${id}/events`))?.data ?? [])
    }
    return { ledger: payment && ledgerOf(payment), refunds, listed: await list(tid), byId, events }
  }

  async function readEach<Value>(tids: readonly string[], read: (tid: string) => Promise<Value>) {
    const limit = pLimit(AT_ONCE)
    const entries = tids.map((tid) => limit(async () => [tid, await read(tid)] as const))
    return new Map(await Promise.all(entries))
  }

  return {
    unsettled: (status, howMany) => pages(`/refunds?status=${status}`, howMany),
    list,
    cancels,
    stored: (tids) => readEach(tids, storedPayment),
    applied: (tids) => readEach(tids, cancels),
    async counted() {
      const { url } = gateways[0] as Gateway
      const text = await (await fetch(`${url}/metrics`)).text()
      const found = /^refund_gateway_caller_limit_used\{[^}]*limit="max_refunds_per_day"[^}]*\} (\d+)/m.exec(
        text,
      )
      return Number(found?.[1] ?? 0)
    },
    async untilReady() {
      const deadline = performance.now() + PATIENCE_MS
      for (const { url } of gateways) {
        for (;;) {
          const said = await getOnce(`${url}/readyz`).catch((error: Error) => ({
            status: 0,
            body: error.message,
          }))
          if (said.status === 200) break
          if (performance.now() > deadline) {
            throw new Error(`${url} is not ready after ${PATIENCE_MS} ms: ${JSON.stringify(said.body)}`)
          }
          await sleep(PAUSE_MS)
        }
      }
    },
    close: () => agent.destroy(),
  }
}
