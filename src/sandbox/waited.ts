import { setTimeout as sleep } from 'node:timers/promises'

/** The wait before an answer; `slowMs` stands for the sandbox's option of that name. */
export async function waited(waitMs: number | 'slowMs', slowMs: number): Promise<void> {
  const durationMs = waitMs === 'slowMs' ? slowMs : waitMs
  // Not to hold a process that is closing.
  if (durationMs > 0) await sleep(durationMs, undefined, { ref: false })
}
