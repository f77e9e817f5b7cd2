import type { CancelOutcome } from '../refunds/ports.ts'

/** Korean names may be this short; of anything shorter too much of an ordinary message would match. */
const SHORTEST_HIDDEN = 2

const HIDDEN = '[hidden]'

/**
 * The outcome of a cancel call without what the call itself carried. The provider's words are stored, logged and
 * answered as received, and a provider may repeat in them what it was sent: a token, a key, an account number.
 */
export function hideEchoes(outcome: CancelOutcome, sent: readonly (string | undefined)[]): CancelOutcome {
  const echoes = sent.filter(
    (secret): secret is string => secret !== undefined && secret.length >= SHORTEST_HIDDEN,
  )
  const provider = 'provider' in outcome ? outcome.provider : null
  const said = provider?.cancel_msg ?? ''
  const detail = 'detail' in outcome ? outcome.detail : ''
  if (!echoes.some((secret) => said.includes(secret) || detail.includes(secret))) return outcome

  const hide = (text: string) => echoes.reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text)
  const hidden = 'detail' in outcome ? { ...outcome, detail: hide(detail) } : outcome
  if (!('provider' in hidden) || !hidden.provider?.cancel_msg) return hidden
  return { ...hidden, provider: { ...hidden.provider, cancel_msg: hide(said) } }
}
