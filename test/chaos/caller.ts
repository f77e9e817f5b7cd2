import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { Refund } from '../../src/refunds/refund.ts'
import type { RunClock } from './clock.ts'
import type { Checked, KeyHistory, Ledger, Payload, Told } from './histories.ts'
import type { Gateway } from './processes.ts'
import type { Random } from './random.ts'

/** As whom an open gateway knows its callers. */
export const ANONYMOUS = 'anonymous'

/** A caller gives up waiting sooner than a paused gateway goes on. */
const CALLER_TIMEOUT_MS = 3_000

/** A good client waits longer each time; shorter than Retry-After says, as the run has little time. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1_500
const MOST_TRIES = 10
/** Refused credentials do not mend themselves. */
const MOST_TRIES_WITHOUT_TOKEN = 2

export type AskOptions = Readonly<{
  /** Which gateway; any where it is not said. */
  gateway?: number
  /** The caller hangs up after this time. */
  hangUpAfterMs?: number
}>

/** Sends requests, and writes down what it is told. */
export type Caller = Readonly<{
  keys: readonly KeyHistory[]
  find(key: string | undefined): KeyHistory | undefined
  ledgersSeen: readonly Ledger[]
  checked: readonly Checked[]
  /** A new key for these payloads; `bodies` are the payloads but for their metadata. */
  open(story: string, ...bodies: readonly Omit<Payload, 'metadata'>[]): KeyHistory
  /** One `POST /refunds`. */
  ask(history: KeyHistory, payload: number, random: Random, options?: AskOptions): Promise<Told>
  /** The same, again and again as `retry` says, until there is an answer or patience is over. */
  pursue(history: KeyHistory, payload: number, random: Random, options?: AskOptions): Promise<Told>
  /** `POST /refunds/check`. */
  check(body: Checked['body'], random: Random): Promise<void>
  /** `GET /refunds/{id}`. */
  read(history: KeyHistory, id: string, random: Random): Promise<Told>
  /** `POST /refunds/{id}/resolve`. */
  resolve(history: KeyHistory, id: string, body: object, random: Random): Promise<Told>
  /** `GET /payments/{tid}`, whose ledger is remembered. */
  look(tid: string, random: Random): Promise<void>
  /** From now on nobody is patient. */
  hurry(): void
  isHurried(): boolean
  close(): Promise<void>
}>

type Reply = Readonly<{ status: number; isReplay: boolean; body: Record<string, unknown> }>

/** Callers of these gateways, without any memory but the histories. */
export function createCaller(gateways: readonly Gateway[], clock: RunClock): Caller {
  const agent = new Agent({ keepAliveTimeout: 2_000, headersTimeout: 0, bodyTimeout: 0 })
  const keys: KeyHistory[] = []
  const byKey = new Map<string, KeyHistory>()
  const ledgersSeen: Ledger[] = []
  const checked: Checked[] = []
  let isHurried = false

  async function send(
    gateway: number,
    path: string,
    {
      headers = {},
      body,
      timeoutMs = CALLER_TIMEOUT_MS,
    }: { headers?: Record<string, string>; body?: object; timeoutMs?: number },
  ): Promise<Reply> {
    const { url } = gateways[gateway] as Gateway
    const response = await request(url + path, {
      dispatcher: agent,
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    })
    return {
      status: response.statusCode,
      isReplay: response.headers['idempotent-replayed'] === 'true',
      body: (await response.body.json()) as Record<string, unknown>,
    }
  }

  /** Does it, and writes down the answer, or that there was none. */
  async function tell(
    history: KeyHistory,
    { what, payload, gateway }: Pick<Told, 'what' | 'payload' | 'gateway'>,
    work: () => Promise<Reply>,
  ): Promise<Told> {
    const sentAt = clock.step()
    const answer = await work().then(understand, misunderstand)
    const told: Told = {
      what,
      payload,
      gateway,
      sentAt,
      answeredAt: clock.step(),
      atMs: clock.ms(),
      ...answer,
    }
    history.told.push(told)
    return told
  }

  const ask: Caller['ask'] = (history, payload, random, options = {}) => {
    const { gateway = random.integer(0, gateways.length - 1), hangUpAfterMs } = options
    return tell(history, { what: 'refund', payload, gateway }, () =>
      send(gateway, '/refunds', {
        headers: { 'idempotency-key': history.key },
        body: shuffled(history.payloads[payload] as Payload, random),
        ...(hangUpAfterMs !== undefined && { timeoutMs: hangUpAfterMs }),
      }),
    )
  }

  return {
    keys,
    ledgersSeen,
    checked,
    ask,
    find: (key) => byKey.get(key ?? ''),

    open(story, ...bodies) {
      const key = `${story}-${keys.length}`
      const payloads = bodies.map((body, payload) => ({
        ...body,
        metadata: { key, payload: String(payload) },
      }))
      const history: KeyHistory = { key, story, payloads, told: [] }
      keys.push(history)
      byKey.set(key, history)
      return history
    },

    async pursue(history, payload, random, options) {
      let pauseMs = FIRST_PAUSE_MS
      for (let attempt = 1; ; attempt += 1) {
        const told = await ask(history, payload, random, options)
        const mostTries = told.status === 502 ? MOST_TRIES_WITHOUT_TOKEN : MOST_TRIES
        const isAnswered = told.status !== 0 && told.retry !== 'same_key'
        if (isAnswered || isHurried || attempt >= mostTries) return told
        await sleep(pauseMs * (0.5 + random.next()))
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
      }
    },

    read(history, id, random) {
      const gateway = random.integer(0, gateways.length - 1)
      return tell(history, { what: 'read', payload: 0, gateway }, () => send(gateway, `/refunds/${id}`, {}))
    },

    resolve(history, id, body, random) {
      const gateway = random.integer(0, gateways.length - 1)
      return tell(history, { what: 'resolve', payload: 0, gateway }, () =>
        send(gateway, `/refunds/${id}/resolve`, { body }),
      )
    },

    async check(body, random) {
      const gateway = random.integer(0, gateways.length - 1)
      const reply = await send(gateway, '/refunds/check', { body }).catch(() => null)
      if (reply !== null) checked.push({ code: null, ...reply.body, body, status: reply.status })
    },

    async look(tid, random) {
      const gateway = random.integer(0, gateways.length - 1)
      const reply = await send(gateway, `/payments/${tid}`, {}).catch(() => null)
      if (reply?.status === 200) ledgersSeen.push(ledgerOf(reply.body))
    },

    hurry() {
      isHurried = true
    },
    isHurried: () => isHurried,

    close: () => agent.destroy(),
  }
}

/** A ledger without its refunds. */
export function ledgerOf(body: Record<string, unknown>): Ledger {
  const { tid, amount, remaining, ...others } = body as Ledger
  const { refunded, in_flight, unknown, awaiting_deposit, disputed, outside } = others
  return { tid, amount, refunded, in_flight, unknown, awaiting_deposit, disputed, outside, remaining }
}

type Understood = Pick<Told, 'status' | 'code' | 'retry' | 'isReplay' | 'refund' | 'rule' | 'remaining'>

function understand({ status, isReplay, body }: Reply): Understood {
  const isProblem = typeof body.code === 'string'
  // A 202 says beside the refund what to do.
  const { retry = null, ...refund } = body
  return {
    status,
    isReplay,
    code: isProblem ? (body.code as string) : null,
    retry: retry as string | null,
    refund: ((isProblem ? body.refund : refund) ?? null) as Refund | null,
    rule: (body.rule ?? null) as string | null,
    remaining: (body.remaining ?? null) as number | null,
  }
}

function misunderstand(error: NodeJS.ErrnoException): Understood {
  const code = error.code === 'ECONNREFUSED' ? 'refused' : 'lost'
  return { status: 0, code, retry: null, isReplay: false, refund: null, rule: null, remaining: null }
}

/** The same JSON with its members in another order: the same payload by the contract. */
function shuffled(payload: Payload, random: Random): object {
  const members = Object.entries(payload)
  return Object.fromEntries(random.chance(0.5) ? members : members.reverse())
}
