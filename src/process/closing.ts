/** How long after SIGTERM callers and balancers may still come with requests: they notice one by one. */
export const CLOSE_GRACE_MS = 1_000

/** What asks the process to end, with grace. */
export const CLOSING_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const

/**
 * A signal within this time of the first is the same wish: supervisors, npm and a terminal signal the whole group,
 * and each passes on what the others got. One that comes later is a wish not to wait.
 */
export const SAME_WISH_MS = 5_000

/** Longer than the drain, which ends by itself. */
const CLOSE_LIMIT_SLACK_MS = 30_000

/** From SIGTERM to the end of the process, at the longest. What stops it must not cut it off before that. */
export function longestCloseMs(providerTimeoutMs: number): number {
  return providerTimeoutMs + CLOSE_LIMIT_SLACK_MS
}
