/**
 * Why the store failed, for the log. Not the error itself: of a Redis command it holds the arguments, and with them a
 * refund.
 */
export function reasonOf(error: unknown): string | undefined {
  return error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined
}
