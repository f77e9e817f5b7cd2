/** Work that must be done although the store cannot be reached just now. */
export type BackgroundWork = Readonly<{
  /** Tries until it succeeds; `work` must be safe to do twice. */
  untilDone(work: () => Promise<unknown>): void
  /** How many pieces of work are not done yet. */
  pending(): number
  /** Waits until everything is done, or the time is over. Answers how many pieces are left. */
  drain(timeoutMs: number): Promise<number>
}>

const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 2_000

/** Far above the refunds in flight when a store fails; reached only by one that takes claims and no more. */
const MAX_PENDING = 10_000

/**
 * Keeps retrying in this process, with a growing pause. What a dying process leaves undone, or what is
 * more than can be held, the lease ends: the refund becomes `unknown`.
 */
export function createBackgroundWork(): BackgroundWork {
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
    untilDone(work) {
      if (pending.size >= MAX_PENDING) return
      const task = persist(work).finally(() => pending.delete(task))
      pending.add(task)
    },
    pending: () => pending.size,
    async drain(timeoutMs) {
      let isOver = false
      let timer: NodeJS.Timeout | undefined
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          isOver = true
          resolve()
        }, timeoutMs)
      })
      // More may be handed over while it waits.
      while (pending.size > 0 && !isOver) await Promise.race([Promise.all(pending), timeout])
      clearTimeout(timer)
      return pending.size
    },
  }
}
