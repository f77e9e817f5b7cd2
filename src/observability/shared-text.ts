/** Whoever scrapes within this time is told the same, where nothing was counted meanwhile. */
const SHARED_MS = 1_000

/** Else it is told the latest, but no more often than this within that time: anybody may ask, at any pace. */
const MOST_MADE = 20

/**
 * The text of the metrics, made once for whoever asks within a short time. `changes` counts what was counted.
 */
export function shared(make: () => Promise<string>, changes: () => number): () => Promise<string> {
  let last = { madeAt: Number.NEGATIVE_INFINITY, changes: 0, text: '' }
  let making: Promise<string> | undefined
  let budget = { since: Number.NEGATIVE_INFINITY, left: MOST_MADE }

  async function makeNow(): Promise<string> {
    const seen = changes()
    const text = await make()
    last = { madeAt: performance.now(), changes: seen, text }
    return text
  }

  return async () => {
    const now = performance.now()
    if (now - budget.since >= SHARED_MS) budget = { since: now, left: MOST_MADE }
    const isShared = last.changes === changes() || budget.left === 0
    if (isShared && now - last.madeAt < SHARED_MS) return last.text
    if (making === undefined) {
      budget.left -= 1
      making = makeNow().finally(() => {
        making = undefined
      })
    }
    return making
  }
}
