/** The limit of one refund of the run's caller: below its largest payments. */
export const MOST_AT_ONCE = 92_000

/** Between two cancels of one payment. */
export const SPACING_MS = 300
