/** How long after SIGTERM callers and balancers may still come with requests: they notice one by one. */
export const CLOSE_GRACE_MS = 1_000

/** Longer than the drain, which ends by itself. */
const CLOSE_LIMIT_SLACK_MS = 30_000

/** From SIGTERM to the end of the process, at the longest. What stops it must not cut it off before that. */
export function longestCloseMs(providerTimeoutMs: number): number {
  return providerTimeoutMs + CLOSE_LIMIT_SLACK_MS
}
