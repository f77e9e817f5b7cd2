import { constants, fstatSync, openSync, write as writeAsync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isatty } from 'node:tty'

const STDOUT = 1

/** Lines are written together; what a killed process takes with it is a tenth of a second of them. */
const BATCH_BYTES = 12_288
const FLUSH_MS = 100

/** What is held of lines that cannot be written; at 400 bytes each, those of some ten thousand refunds. */
const MOST_HELD_BYTES = 4 * 1024 * 1024

/** How soon a full disk or reader is tried again; a pipe of 64 KiB still takes 3 MB a second then. */
const RETRY_MS = 20

/** How often the end looks whether all is written. */
const END_POLL_MS = 10

/** Where the log goes. Nothing waits for it, and nothing fails by it. */
export type LogDestination = Readonly<{
  /** Takes one line, or drops it where too much waits already. */
  write(line: string): void
  /** How many lines were dropped since the start. */
  dropped(): number
  /** Waits until everything is written, but no longer than this. */
  end(timeoutMs: number): Promise<void>
}>

/**
 * Writes to standard output, in the background. A full disk, a reader that stands still or is gone: lines are
 * held, then dropped and counted, and written again once that is possible; `onRegained` is told how many are
 * missing.
 *
 * Not sonic-boom, which pino would use: at the end it tries a full disk again for ever, within one turn of
 * the event loop (flushSync). And a blocked write would hold one of the few threads that DNS and files share,
 * and with it the exit: so nothing is written here that could block.
 */
export function createLogDestination(onRegained: (dropped: number) => void): LogDestination {
  const fd = neverBlockingStdout()
  const writer = createBatchWriter(fd, wrote)
  let waiting: Buffer[] = []
  let heldBytes = 0
  let dropped = 0
  let told = 0

  function writeBatch(): void {
    const batch = Buffer.concat(waiting)
    waiting = []
    writer.write(batch)
  }

  function wrote(bytes: number): void {
    heldBytes -= bytes
    if (writer.isBusy()) return
    if (heldBytes >= BATCH_BYTES) writeBatch()
    else if (dropped > told) {
      const missing = dropped - told
      told = dropped
      onRegained(missing)
    }
  }

  function flush(): void {
    if (!writer.isBusy() && heldBytes > 0) writeBatch()
  }

  /** The last lines of a process that ends without grace; what is in flight is its thread's. */
  function writeRest(): void {
    let rest = Buffer.concat([...writer.notInFlight(), ...waiting])
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest))
    } catch {
      // The process ends: nobody can be told any more.
    }
  }

  setInterval(flush, FLUSH_MS).unref()
  process.once('exit', writeRest)

  return {
    write(line) {
      // Bytes, so that what is held is known without counting it again.
      const bytes = Buffer.from(line)
      if (heldBytes + bytes.length > MOST_HELD_BYTES) {
        dropped += 1
        return
      }
      waiting.push(bytes)
      heldBytes += bytes.length
      if (!writer.isBusy() && heldBytes >= BATCH_BYTES) writeBatch()
    },
    dropped: () => dropped,
    async end(timeoutMs) {
      const deadline = performance.now() + timeoutMs
      for (flush(); heldBytes > 0 && performance.now() < deadline; flush()) await sleep(END_POLL_MS)
    },
  }
}

/** Writes one batch at a time, until all of it is written; `wrote` is told how many bytes were, each time. */
function createBatchWriter(fd: number, wrote: (bytes: number) => void) {
  let batch: Buffer | null = null
  let isInFlight = false

  function tryBatch(): void {
    isInFlight = true
    writeAsync(fd, batch as Buffer, (error, bytes) => {
      isInFlight = false
      if (error !== null) {
        // Whatever it is, it may pass: a disk gets space, a named pipe another reader.
        setTimeout(tryBatch, RETRY_MS).unref()
        return
      }
      const rest = (batch as Buffer).subarray(bytes)
      batch = rest.length > 0 ? rest : null
      if (batch !== null) tryBatch()
      wrote(bytes)
    })
  }

  return {
    write(buffer: Buffer) {
      batch = buffer
      tryBatch()
    },
    isBusy: () => batch !== null,
    notInFlight: () => (isInFlight || batch === null ? [] : [batch]),
  }
}

/** Standard output, such that a write fails with EAGAIN where it would have to wait. */
function neverBlockingStdout(): number {
  if (isatty(STDOUT)) {
    try {
      // A terminal can be paused. Opened anew, since its mode is shared with the shell.
      return openSync(
        `/proc/self/fd/${STDOUT}`,
        constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY,
      )
    } catch {
      return STDOUT // No Linux, or not this user's terminal.
    }
  }
  const kind = fstatSync(STDOUT)
  // Node.js has no call for it, but its own stream sets a pipe or a socket to O_NONBLOCK (uv_pipe_open).
  if (kind.isFIFO() || kind.isSocket()) void process.stdout
  return STDOUT
}
