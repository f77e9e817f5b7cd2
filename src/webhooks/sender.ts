import { buildConnector, Pool } from 'undici'
import { createGuardedLookup, type GuardOptions } from './guarded-lookup.ts'
import type { Message } from './message.ts'

/** What came of one sending. `pauseMs`: how long the endpoint wants to be left alone. */
export type Sent =
  | Readonly<{ sent: 'delivered' }>
  | Readonly<{ sent: 'failed'; detail: string; pauseMs: number }>
  /** Ended by {@link Sender.abort}: perhaps it was delivered. */
  | Readonly<{ sent: 'aborted' }>

export type Sender = Readonly<{
  /** Sends once. Never throws. */
  send(message: Message): Promise<Sent>
  /** Ends what is under way. */
  abort(): void
  close(): void
}>

/** From the wait for a connection to the last byte of the answer. */
const DELIVERY_TIMEOUT_MS = 15_000
const CONNECT_TIMEOUT_MS = 5_000

/** Of an answer, nothing but its status is of use. So much of it is read to use its connection again. */
const MOST_ANSWER_BYTES = 16 * 1024

/** An idle connection is closed before common servers close it. */
const LONGEST_IDLE_MS = 4_000

/** `Retry-After` is heeded up to this. */
export const LONGEST_PAUSE_MS = 3_600_000

export type SenderOptions = Pick<GuardOptions, 'remember'> &
  Readonly<{
    url: string
    /** How many are sent at a time. */
    connections: number
    timeoutMs?: number
    resolve?: GuardOptions['resolve']
  }>

/** Sends events to one endpoint, over connections of its own. Redirects are not followed. */
export function createSender({ url, connections, timeoutMs, remember, resolve }: SenderOptions): Sender {
  const { origin, protocol, pathname, search } = new URL(url)
  const guard = { remember, isLoopbackOnly: protocol === 'http:', ...(resolve && { resolve }) }
  const pool = new Pool(origin, {
    connections,
    connect: buildConnector({
      timeout: CONNECT_TIMEOUT_MS,
      rejectUnauthorized: true,
      // An option of net.connect(), which undici passes on.
      ...({ lookup: createGuardedLookup(guard) } as object),
    }),
    keepAliveTimeout: LONGEST_IDLE_MS,
    // The total covers both.
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  const aborting = new AbortController()

  async function send({ headers, body }: Message): Promise<Sent> {
    const signal = AbortSignal.any([aborting.signal, AbortSignal.timeout(timeoutMs ?? DELIVERY_TIMEOUT_MS)])
    try {
      const answer = await pool.request({ method: 'POST', path: pathname + search, headers, body, signal })
      const read = answer.body.dump({ limit: MOST_ANSWER_BYTES, signal })
      // What it says does not matter, nor whether it says it to the end.
      await read.catch(() => {})
      return judge(answer.statusCode, answer.headers['retry-after'])
    } catch (error) {
      if (aborting.signal.aborted) return { sent: 'aborted' }
      return { sent: 'failed', detail: describe(error), pauseMs: 0 }
    }
  }

  return {
    send,
    abort: () => aborting.abort(),
    close: () => {
      pool.destroy().catch(() => {})
    },
  }
}

/** By the Standard Webhooks specification: 2xx alone is success, 410 that no more is wanted. */
export function judge(status: number, retryAfter: string | string[] | undefined): Sent {
  if (status >= 200 && status < 300) return { sent: 'delivered' }
  return {
    sent: 'failed',
    detail: `answered ${status}`,
    pauseMs: pauseMsOf(status, String(retryAfter ?? '')),
  }
}

function pauseMsOf(status: number, retryAfter: string): number {
  if (status === 410) return LONGEST_PAUSE_MS
  if (status !== 429 && status !== 503) return 0
  const seconds = /^\d{1,9}$/.test(retryAfter)
    ? Number(retryAfter)
    : (Date.parse(retryAfter) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds * 1000), LONGEST_PAUSE_MS) : 0
}

/** Without the address: a path or a query may be a secret. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  if (error.name === 'TimeoutError') return 'gave no whole answer in time'
  const { code } = error as NodeJS.ErrnoException
  return code === 'forbidden_address'
    ? error.message
    : `could not be reached or broke off (${code ?? error.name})`
}
