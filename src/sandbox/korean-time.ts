const KOREAN_OFFSET_MS = 9 * 60 * 60 * 1000

/** `2025-06-09 13:29:11`, the way the lookup writes Korean time (UTC+9, no summer time). */
export function koreanDateTime(at: Date): string {
  return new Date(at.getTime() + KOREAN_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ')
}

/** `20250609132911`, the way `cancel_date` writes the same moment. */
export function koreanDigits(at: Date): string {
  return koreanDateTime(at).replace(/\D/g, '')
}
