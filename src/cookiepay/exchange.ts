import type { Dispatcher } from 'undici'
import { NOTHING_SENT } from '../refunds/nothing-sent.ts'
import { type Declared, decodeAnswer } from './decoding.ts'

/** What was seen of one HTTP call. */
export type Exchange =
  /** No byte of the request left this process. */
  | Readonly<{ seen: 'not_sent'; detail: string }>
  /** It was sent, and no complete answer came back. */
  | Readonly<{ seen: 'no_answer'; detail: string }>
  /** `announcedSeconds`: how long the server keeps the connection open, where it says so. */
  | Readonly<{ seen: 'answer'; status: number; body: string; announcedSeconds?: number | undefined }>

/** Far above any answer of the provider; a longer one is not an answer. */
const MAX_ANSWER_BYTES = 64 * 1024

const TOO_LATE: Exchange = {
  seen: 'not_sent',
  detail: `This process was held up until too little time was left for the call. ${NOTHING_SENT}`,
}

export type ExchangeRequest = Readonly<{
  path: string
  /** Names and values in turn. */
  headers: readonly string[]
  body: string
  /** For the whole call, from here to the last byte of the answer. */
  timeoutMs: number
  /** How many milliseconds there are for the call as seen from outside, asked where it is written. */
  leaseLeft?: (() => number) | undefined
}>

/**
 * One POST, sent at most once. The dispatcher starts a request only when it has a connection and is about
 * to write to it: what fails before that was not sent, what fails after it may have been.
 */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Exchange> {
  return new Promise((resolve) => {
    const startedAt = performance.now()
    let controller: Dispatcher.DispatchController | undefined
    let status = 0
    let announcedSeconds: number | undefined
    let declared: Declared | undefined
    let length = 0
    const chunks: Buffer[] = []
    let over = false

    const finish = (exchange: Exchange) => {
      over = true
      clearTimeout(timer)
      resolve(exchange)
    }
    const fail = (reason: string) => finish(controller === undefined ? notSent(reason) : noAnswer(reason))
    const end = (reason: string) => {
      if (over) return
      fail(reason)
      controller?.abort(new Error(reason))
    }
    // After what has arrived meanwhile is read: a process that was stopped sees its timer first.
    const timer = setTimeout(
      () => setImmediate(() => end(`no answer within ${request.timeoutMs} ms`)),
      request.timeoutMs,
    )

    dispatcher.dispatch(
      { method: 'POST', path: request.path, headers: request.headers as string[], body: request.body },
      {
        onRequestStart(started) {
          // Its time ran out while it waited for a connection: aborted here, it is never written.
          // Nor is it written a second time, should the dispatcher try once more on another connection.
          if (!over && controller === undefined && isTooLate(request, startedAt)) finish(TOO_LATE)
          if (over || controller !== undefined) started.abort(new Error('not to be written now'))
          else controller = started
        },
        onResponseStart(_controller, statusCode, headers) {
          status = statusCode
          announcedSeconds = readKeepAlive(headers['keep-alive'])
          declared = { contentType: headers['content-type'], contentEncoding: headers['content-encoding'] }
        },
        onResponseData(_controller, chunk) {
          length += chunk.length
          if (length > MAX_ANSWER_BYTES) end(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`)
          else chunks.push(chunk)
        },
        onResponseEnd() {
          if (over) return
          const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
          try {
            const body = decodeAnswer(bytes, declared as Declared, MAX_ANSWER_BYTES)
            finish({ seen: 'answer', status, body, announcedSeconds })
          } catch (error) {
            fail(`the compression of what came cannot be undone: ${describe(error as Error)}`)
          }
        },
        onResponseError(_controller, error) {
          if (!over) fail(describe(error))
        },
      },
    )
  })
}

function notSent(reason: string): Exchange {
  return { seen: 'not_sent', detail: `The provider cannot be reached: ${reason}. ${NOTHING_SENT}` }
}

function noAnswer(reason: string): Exchange {
  return { seen: 'no_answer', detail: `The request was sent, but no complete answer came back: ${reason}.` }
}

/** Asked where the call is written: a process that was stopped may see its connection before its timer. */
function isTooLate(request: ExchangeRequest, startedAt: number): boolean {
  const restMs = request.timeoutMs - (performance.now() - startedAt)
  return restMs < 0 || (request.leaseLeft !== undefined && request.leaseLeft() < restMs)
}

function readKeepAlive(header: string | string[] | undefined): number | undefined {
  const seconds = /\btimeout=(\d{1,6})/.exec(String(header ?? ''))?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}

function describe(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  return code === undefined ? error.message : `${error.message} (${code})`
}
