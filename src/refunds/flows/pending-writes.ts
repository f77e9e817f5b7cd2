/** Work that goes on when nobody waits for it any more: its caller has hung up, or the store is away. */
export type BackgroundWork = Readonly<{
  /** The same promise, which drain waits for even if nobody else does. */
  seeThrough<Result>(work: Promise<Result>): Promise<Result>
  /** Tries until it succeeds; `work` must be safe to do twice. */
  untilDone(work: () => Promise<unknown>): void
  /** How many pieces of work are waiting to be tried again. */
  pending(): number
  /** Whether so many are that nothing further is to be begun which may add to them. */
  isFull(): boolean
  /** Waits until everything is done, or the time is over. Answers how many pieces are left. */
  drain(timeoutMs: number): Promise<number>
}>

const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 2_000

/**
 * Far above the refunds in flight when a store fails; reached only by one that takes claims and no more. Beyond it
 * come those that were in flight when it was reached: nothing is ever dropped.
 */
const FULL_AT = 10_000

/**
 * Keeps retrying in this process, with a growing pause. What a dying process leaves undone, the lease ends: the
 * refund becomes `unknown`.
 */
export function createBackgroundWork(): BackgroundWork {
  const running = new Set<Promise<unknown>>()
  const pending = new Set<Promise<void>>()

  async function persist(work: () => Promise<unknown>): Promise<void> {
    for (let pauseMs = FIRST_RETRY_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_RETRY_MS)) {
      // Unreferenced: unfinished work is waited for by drain, and by nothing else.
      await new Promise((resolve) => setTimeout(resolve, pauseMs).unref())
      try {
        await work()
        return
      } catch {
        // Each failure was reported when the work was handed over; the store reports its own state.
      }
    }
  }

  return {
    seeThrough(work) {
      running.add(work)
      const forget = () => running.delete(work)
      work.then(forget, forget)
      return work
    },
    untilDone(work) {
      const task = persist(work).finally(() => pending.delete(task))
      pending.add(task)
    },
    pending: () => pending.size,
    isFull: () => pending.size >= FULL_AT,
    async drain(timeoutMs) {
      let isOver = false
      let timer: NodeJS.Timeout | undefined
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          isOver = true
          resolve()
        }, timeoutMs)
      })
      // What was running may leave something to be tried again.
      while (running.size + pending.size > 0 && !isOver) {
        await Promise.race([timeout, Promise.allSettled([...running, ...pending])])
      }
      clearTimeout(timer)
      return running.size + pending.size
    },
  }
}
