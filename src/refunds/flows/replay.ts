import type { Claim } from '../claim.ts'
import { fingerprintMatches } from '../fingerprint.ts'
import type { RefundStore } from '../ports/store.ts'
import type { RefundRequest } from '../refund-request.ts'
import { inProgress, keyReused, type Refusal } from '../rules/refusals.ts'
import type { StoredRefund } from '../stored-refund.ts'
import { type RefundAnswer, refused } from './refund-answer.ts'

/** What a replay needs. */
export type ReplayParts = Readonly<{
  store: RefundStore
  /** For the fingerprint; newest first. */
  storeSecrets: readonly Buffer[]
}>

/** A request with what is derived from it: the id of its refund, and its fingerprint under the newest secret. */
export type IdentifiedCommand = Readonly<{
  command: Readonly<{ body: RefundRequest }>
  id: string
  fingerprint: string
}>

/**
 * A repeat of a stored request is answered with its refund, also when the same request would be refused today, since
 * the configured accounts have changed. Told that nothing was stored, its caller would refund twice. Nor is a key free
 * that another payload has: `fix_request` would say so.
 */
export async function replayOrRefuse(
  parts: ReplayParts,
  identified: IdentifiedCommand,
  refusal: Refusal,
): Promise<RefundAnswer> {
  const stored = await parts.store.findById(identified.id)
  if (stored !== null) return replay(parts, identified, stored)
  // One that is still running may have begun nothing yet, and yet have the key.
  const claim = await parts.store.findClaim(identified.id)
  const isFree = claim === null || isSamePayload(parts, identified, claim.fingerprint)
  return refused(isFree ? refusal : keyReused())
}

/** Also where it was stored under an older secret. */
export function isSamePayload(
  { storeSecrets }: ReplayParts,
  { fingerprint, command }: IdentifiedCommand,
  stored: string,
): boolean {
  return stored === fingerprint || fingerprintMatches(stored, command.body, storeSecrets.slice(1))
}

function replay(parts: ReplayParts, identified: IdentifiedCommand, stored: StoredRefund): RefundAnswer {
  // After the key's retention another payload may have claimed it, on a payment that still knows the old one.
  if (!isSamePayload(parts, identified, stored.fingerprint)) return refused(keyReused())
  if (stored.refund.status === 'processing') return refused(inProgress(stored.refund))
  return { answer: 'refund', refund: stored.refund, replayed: true }
}

/** A replay under a claim of its own or one that it joined. */
export async function replayUnder(
  parts: ReplayParts,
  identified: IdentifiedCommand,
  { claim, stored }: Readonly<{ claim: Claim; stored: StoredRefund }>,
): Promise<RefundAnswer> {
  // The key was free after its retention. It goes back to the refund that stands, so that its repeat is answered.
  if (claim.fingerprint !== stored.fingerprint) await parts.store.yieldClaim(claim, stored)
  return replay(parts, identified, stored)
}

/** A claim for another payload may hide a refund of this one: it was made after the key's retention. */
export async function replayBehind(
  parts: ReplayParts,
  identified: IdentifiedCommand,
  claim: Claim,
): Promise<RefundAnswer> {
  const stored = await parts.store.findByClaim(claim)
  return stored === null ? refused(keyReused()) : replayUnder(parts, identified, { claim, stored })
}
