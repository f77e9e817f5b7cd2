import type { CancelOutcome } from '../refunds/ports.ts'

/** Korean names may be this short; of anything shorter too much of an ordinary message would match. */
const SHORTEST_HIDDEN = 2

const HIDDEN = '[hidden]'

/**
 * The outcome of a cancel call without what the call itself carried. The provider's words are stored, logged and
 * answered as received, and a provider may repeat in them what it was sent: a token, a key, an account number.
 */
export function hideEchoes(outcome: CancelOutcome, sent: readonly (string | undefined)[]): CancelOutcome {
  const hide = (text: string) =>
    sent.reduce<string>(
      (shown, secret) =>
        secret !== undefined && secret.length >= SHORTEST_HIDDEN ? shown.replaceAll(secret, HIDDEN) : shown,
      text,
    )
  const hidden = 'detail' in outcome ? { ...outcome, detail: hide(outcome.detail) } : outcome
  if (!('provider' in hidden) || !hidden.provider?.cancel_msg) return hidden
  return { ...hidden, provider: { ...hidden.provider, cancel_msg: hide(hidden.provider.cancel_msg) } }
}
