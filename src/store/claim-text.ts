import type { Claim } from '../refunds/claim.ts'
import type { StoredRefund } from '../refunds/stored-refund.ts'

/** A claim as its key holds it. */
export function encodeClaim({ token, fingerprint, merchant, tid }: Claim): string {
  return `${token} ${fingerprint} ${merchant} ${tid}`
}

export function decodeClaim(id: string, text: string): Claim {
  const [token, fingerprint, merchant] = text.split(' ', 3) as [string, string, string]
  const tid = text.slice(token.length + fingerprint.length + merchant.length + 3)
  return { id, token, fingerprint, merchant, tid }
}

/** A claim for the refund that stands: its attempt's own, or one in the place of that. */
export function claimOf({ refund, merchant, attempt, fingerprint }: StoredRefund): Claim {
  return { id: refund.id, token: attempt, fingerprint, merchant, tid: refund.tid }
}
