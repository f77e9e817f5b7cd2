/** A wait that ends sooner where somebody has something to do. It keeps no process alive. */
export type Pause = Readonly<{
  /** Resolves after this time, or when it is ended. */
  wait(ms: number): Promise<void>
  /** Ends the present wait, if there is one. */
  end(): void
}>

export function createPause(): Pause {
  let endPresent = () => {}

  return {
    wait(ms) {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms).unref()
        endPresent = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    },
    end: () => endPresent(),
  }
}
