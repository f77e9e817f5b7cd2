/** A job that is done again and again, in the background. */
export type Repeated = Readonly<{
  /** Whether it is to end: long work looks at this between its steps. */
  isStopped(): boolean
  /** Starts the work no more, and waits for what is under way. */
  stop(): Promise<void>
}>

/**
 * Does the work after pauses of `intervalMs`, give or take a half, so that replicas that were started
 * together do not work together. Work that fails is done again at the next time: whoever wrote it has it
 * reported.
 */
export function repeat(work: () => Promise<void>, intervalMs: number): Repeated {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  let isStopped = false

  function schedule(): void {
    if (isStopped) return
    const pauseMs = intervalMs * (0.5 + Math.random())
    timer = setTimeout(() => {
      running = work()
        .catch(() => {})
        .finally(schedule)
    }, pauseMs).unref()
  }

  schedule()
  return {
    isStopped: () => isStopped,
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await running
    },
  }
}
