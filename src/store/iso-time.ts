let latestSecond = Number.NaN
let latestText = ''

/**
 * A time in milliseconds since 1970 as `Date.prototype.toISOString` writes it, which is a quarter of reading a refund:
 * most times that are read are of the second that the last one was of.
 */
export function isoTime(time: number): string {
  const second = Math.floor(time / 1_000)
  if (second !== latestSecond) {
    latestText = new Date(second * 1_000).toISOString().slice(0, -'000Z'.length)
    latestSecond = second
  }
  return `${latestText}${String(time - second * 1_000).padStart(3, '0')}Z`
}
