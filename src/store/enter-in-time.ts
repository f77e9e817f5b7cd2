import type { MonotonicClock } from '../refunds/clock.ts'

/**
 * Puts an entry into an index before what it stands for is written, as `enter` does, whose entries are looked at after
 * `dueMs`. Once more where that took so long, as in a process that was paused, that a look may have come and gone: it
 * would have found nothing. Throws what `enter` throws.
 */
export async function enterInTime(
  clock: MonotonicClock,
  dueMs: number,
  enter: () => Promise<unknown>,
): Promise<void> {
  for (;;) {
    const startedAt = clock()
    await enter()
    if (clock() - startedAt < dueMs / 2) return
  }
}
