/** How many calls of one account may be under way, whoever asked for them; more wait. */
export const MAX_CALLS = 64

/**
 * Further places. A caller gets one of them only while it has fewer calls under way than are left of them. So who
 * comes when others hold all the rest still gets in at once, also where several come.
 */
export const RESERVED_CALLS = 16

/** A call that has no place by then gets none, and neither does one that would make its caller's queue longer. */
const LONGEST_WAIT_MS = 2_000
const LONGEST_QUEUE = 1_000

/** Frees a place; called once. */
export type Leave = () => void

/** Places for the calls of one account, shared fairly among callers. */
export type Places = Readonly<{
  /** A place that is free for this caller now; null: there is none. */
  take(caller: string): Leave | null
  /**
   * A place once there is one. The caller with the fewest calls under way is next. Null: its queue is full,
   * or it has waited too long.
   */
  wait(caller: string): Promise<Leave | null>
}>

/** What one caller has under way and waiting, first come first. Kept: callers are as many as are configured. */
type Share = { held: number; readonly waiting: Set<Waiter> }
type Waiter = () => void

export function createPlaces(): Places {
  const shares = new Map<string, Share>()
  let held = 0
  let waiting = 0

  function shareOf(caller: string): Share {
    let share = shares.get(caller)
    if (share === undefined) {
      share = { held: 0, waiting: new Set() }
      shares.set(caller, share)
    }
    return share
  }

  function hasPlaceFor(share: Share): boolean {
    return held < MAX_CALLS || share.held < MAX_CALLS + RESERVED_CALLS - held
  }

  function hold(share: Share): Leave {
    held += 1
    share.held += 1
    return () => {
      held -= 1
      share.held -= 1
      if (waiting > 0) letIn()
    }
  }

  /**
   * Lets in who waits, as long as there is a place: where the one with the fewest calls gets none, nobody
   * does.
   */
  function letIn(): void {
    for (;;) {
      let next: Share | undefined
      for (const share of shares.values()) {
        if (share.waiting.size > 0 && (next === undefined || share.held < next.held)) next = share
      }
      if (next === undefined || !hasPlaceFor(next)) return
      const [enterNow] = next.waiting
      enterNow?.()
    }
  }

  return {
    take(caller) {
      const share = shareOf(caller)
      return hasPlaceFor(share) ? hold(share) : null
    },

    async wait(caller) {
      const share = shareOf(caller)
      if (share.waiting.size >= LONGEST_QUEUE) return null
      return new Promise((resolve) => {
        const end = (place: Leave | null) => {
          clearTimeout(timer)
          share.waiting.delete(enterNow)
          waiting -= 1
          resolve(place)
        }
        const enterNow = () => end(hold(share))
        const timer = setTimeout(() => end(null), LONGEST_WAIT_MS)
        share.waiting.add(enterNow)
        waiting += 1
      })
    },
  }
}
