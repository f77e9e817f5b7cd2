import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Exchange } from './requests.ts'

export type WireAnswer = Readonly<{ status: number; headers: ReadonlyMap<string, string>; body: string }>

/** Much longer than any answer takes with the timeouts that the gateway is given here. */
const HANG_MS = 30_000

/** How long damaged bytes may still be answered before the connection is ended from this side. */
const PATIENCE_MS = 20

/** Writes the bytes, and reads until the gateway has closed the connection. */
export async function send(url: string, { bytes, targets }: Exchange): Promise<Buffer> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const received: Buffer[] = []
  let isHanging = false
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('data', (chunk: Buffer) => received.push(chunk))
  // A gateway that refuses a body may close before it is read.
  socket.on('error', () => undefined)
  socket.setTimeout(HANG_MS, () => {
    isHanging = true
    socket.destroy()
  })
  socket.write(bytes)
  if (targets === null) {
    await Promise.race([closed, sleep(PATIENCE_MS)])
    socket.end()
  }
  await closed
  if (isHanging) throw new Error('the gateway neither answered nor closed the connection')
  return Buffer.concat(received)
}

/** The answers in these bytes; `methods` says which of them have no body. One that is cut off is left out. */
export function readAnswers(bytes: Buffer, methods: readonly string[] = []): WireAnswer[] {
  const answers: WireAnswer[] = []
  let at = 0
  while (at < bytes.length) {
    const end = bytes.indexOf('\r\n\r\n', at)
    if (end === -1) break
    const [statusLine = '', ...lines] = bytes.toString('latin1', at, end).split('\r\n')
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1])
    if (Number.isNaN(status)) throw new Error(`no answer: ${statusLine.slice(0, 200)}`)
    at = end + 4
    if (status === 100) continue
    const headers = new Map(
      lines.map((line) => [
        line.split(':', 1)[0]?.toLowerCase() ?? '',
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    )
    const hasBody = methods[answers.length] !== 'HEAD' && status !== 204 && status !== 304
    const { body, length } = hasBody ? readBody(bytes.subarray(at), headers) : { body: '', length: 0 }
    if (at + length > bytes.length) break
    answers.push({ status, headers, body })
    at += length
  }
  return answers
}

function readBody(bytes: Buffer, headers: ReadonlyMap<string, string>): { body: string; length: number } {
  if (headers.get('transfer-encoding') !== 'chunked') {
    const length = Number(headers.get('content-length') ?? 0)
    return { body: bytes.toString('utf8', 0, length), length }
  }
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const end = bytes.indexOf('\r\n', at)
    if (end === -1) return { body: '', length: Number.POSITIVE_INFINITY }
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16)
    chunks.push(bytes.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
    if (size === 0) return { body: Buffer.concat(chunks).toString(), length: at }
  }
}
