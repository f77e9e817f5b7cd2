import { hash, timingSafeEqual } from 'node:crypto'

/**
 * Whether a secret is one of those that are taken. Digests are compared, so that all are equally long, and each in
 * constant time: how long it takes tells nothing of any of them.
 */
export function isNotificationSecret(given: string, secrets: readonly string[]): boolean {
  const digest = hash('sha256', given, 'buffer')
  let isOne = false
  for (const secret of secrets) {
    if (timingSafeEqual(digest, hash('sha256', secret, 'buffer'))) isOne = true
  }
  return isOne
}
