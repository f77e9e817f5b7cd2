import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export type LoadOptions = Readonly<{
  url: string
  connections: number
  /** Under load already, but not counted: connections are opened, pools filled. */
  leadMs: number
  durationMs: number
  /** In all, at even intervals; absent: as many as the server answers. */
  requestsPerSecond?: number
  nextRequest(): string
  /** Called when counting starts and when it ends. */
  onEdge?(edge: 'start' | 'end'): void
}>

export type LoadResult = Readonly<{
  requests: number
  seconds: number
  /** In milliseconds, ascending. */
  latencies: Float64Array
  /** How many answers were not 201, by what they were. */
  failures: Readonly<Record<string, number>>
}>

/**
 * Requests over so many connections, each with one under way at a time: the next one leaves when the answer is
 * there. Written on sockets, with no more of HTTP than this load needs, because it shares a core with Redis and
 * the provider: a client library costs several times as much a request, and would be measured with the server.
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const recorder = createRecorder()
  let isOver = false
  const lines = Array.from({ length: options.connections }, (_, index) =>
    callRepeatedly(options, createPace(options, index), recorder, () => isOver),
  )

  await sleep(options.leadMs)
  options.onEdge?.('start')
  const startedAt = performance.now()
  recorder.start()
  await sleep(options.durationMs)
  const requests = recorder.stop()
  const seconds = (performance.now() - startedAt) / 1_000
  options.onEdge?.('end')

  isOver = true
  await Promise.all(lines)
  return { requests, seconds, latencies: recorder.latencies(), failures: recorder.failures() }
}

/** When the next request of one connection is due. */
type Pace = () => number

function createPace({ connections, requestsPerSecond }: LoadOptions, index: number): Pace {
  if (requestsPerSecond === undefined) return () => performance.now()
  const intervalMs = (connections * 1_000) / requestsPerSecond
  let due = performance.now() + (index * intervalMs) / connections
  return () => {
    due += intervalMs
    return due
  }
}

/** One request after the other on one connection; resolves when the last one is answered after the end. */
function callRepeatedly(
  options: LoadOptions,
  nextDue: Pace,
  recorder: Recorder,
  isOver: () => boolean,
): Promise<void> {
  const { hostname, port } = new URL(options.url)
  return new Promise((resolve, reject) => {
    let socket: Socket
    let unread: Buffer | null = null
    let countedFrom = 0

    const sendNext = () => {
      const due = nextDue()
      const waitMs = due - performance.now()
      if (waitMs > 0) {
        // How late a timer is, is no fault of the server's.
        setTimeout(() => send(performance.now()), waitMs)
      } else {
        // Held up by the answer before: what comes late is counted from when it was due.
        send(due)
      }
    }
    const send = (from: number) => {
      if (isOver()) {
        socket.end()
        resolve()
        return
      }
      countedFrom = from
      socket.write(options.nextRequest())
    }
    const onData = (chunk: Buffer) => {
      const bytes = unread === null ? chunk : Buffer.concat([unread, chunk])
      const answer = readAnswer(bytes)
      unread = answer === null ? bytes : null
      if (answer === null) return
      recorder.record(performance.now() - countedFrom, answer.status)
      if (answer.isLast) reopen()
      else sendNext()
    }
    const reopen = () => {
      socket?.removeAllListeners('close').end()
      socket = connect({ host: hostname, port: Number(port), noDelay: true })
      socket.on('connect', sendNext).on('data', onData).on('error', reject)
      socket.on('close', () => {
        if (!isOver()) reject(new Error('the server closed a connection before it had answered'))
      })
    }
    reopen()
  })
}

/** One request on a connection of its own; resolves to the status of the answer. */
export function sendOnce(url: string, request: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let bytes: Buffer = Buffer.alloc(0)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    socket.on('connect', () => socket.write(request)).on('error', reject)
    socket.on('close', () => reject(new Error('the server closed the connection before it had answered')))
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      const answer = readAnswer(bytes)
      if (answer === null) return
      resolve(answer.status)
      socket.end()
    })
  })
}

const HEAD_END = '\r\n\r\n'
const STATUS_START = 'HTTP/1.1 '.length

/** One whole answer, or null where the rest of it has not arrived. */
export function readAnswer(bytes: Buffer): Readonly<{ status: string; isLast: boolean }> | null {
  const headEnd = bytes.indexOf(HEAD_END)
  if (headEnd === -1) return null
  const head = bytes.toString('latin1', 0, headEnd).toLowerCase()
  const lengthStart = head.indexOf('\r\ncontent-length: ')
  if (lengthStart === -1) throw new Error(`an answer without content-length:\n${head}`)
  const length = Number.parseInt(head.slice(lengthStart + '\r\ncontent-length: '.length), 10)
  if (bytes.length < headEnd + HEAD_END.length + length) return null
  return {
    status: head.slice(STATUS_START, STATUS_START + 3),
    isLast: head.includes('\r\nconnection: close'),
  }
}

type Recorder = Readonly<{
  start(): void
  /** How many answers came since the start. */
  stop(): number
  record(latencyMs: number, status: string): void
  latencies(): Float64Array
  failures(): Record<string, number>
}>

const FIRST_CAPACITY = 65_536

function createRecorder(): Recorder {
  let latencies = new Float64Array(FIRST_CAPACITY)
  let count = 0
  let isCounting = false
  const failures: Record<string, number> = {}
  return {
    start() {
      isCounting = true
    },
    stop() {
      isCounting = false
      return count
    },
    record(latencyMs, status) {
      if (status !== '201') failures[status] = (failures[status] ?? 0) + 1
      if (!isCounting) return
      if (count === latencies.length) {
        const longer = new Float64Array(2 * count)
        longer.set(latencies)
        latencies = longer
      }
      latencies[count] = latencyMs
      count += 1
    },
    latencies: () => latencies.slice(0, count).sort(),
    failures: () => failures,
  }
}

/** The latency that this part of the requests did not exceed. */
export function percentile(ascending: Float64Array, part: number): number {
  return ascending[Math.max(0, Math.ceil(ascending.length * part) - 1)] ?? Number.NaN
}
