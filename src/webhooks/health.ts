/** So many attempts in a row have failed where an endpoint counts as down. */
const DOWN_AFTER = 5

/** What the attempts of late say of an endpoint. */
export type Health = Readonly<{
  failuresInRow: number
  /** When it came back, in milliseconds since 1970; null: it was not down. */
  recoveredAt: number | null
}>

export const HEALTHY: Health = { failuresInRow: 0, recoveredAt: null }

export function isDown({ failuresInRow }: Health): boolean {
  return failuresInRow >= DOWN_AFTER
}

export function afterFailure(health: Health): Health {
  return { ...health, failuresInRow: health.failuresInRow + 1 }
}

/** One that was down has come back: what was last tried before now need not wait for its pause. */
export function afterSuccess(health: Health, at: number): Health {
  return { failuresInRow: 0, recoveredAt: isDown(health) ? at : health.recoveredAt }
}
