import type { PaymentGateway } from '../refunds/payment.ts'
import type { CancelOutcome } from '../refunds/ports/provider.ts'
import type { FailureCode, ProviderAnswer } from '../refunds/refund.ts'
import type { Exchange } from './exchange.ts'
import { judge, type TaughtCode, type Verdict } from './judge-words.ts'
import { readAmount, readDate, readObject, receivedAnswer, SUCCESS_CODE } from './messages.ts'
import { isTokenError, tokenErrorDetail } from './token-answer.ts'

/**
 * What a cancel call led to (docs/provider.md, Cancel answers). What followed a sent request is unknown but
 * for three things: a success, words that say for certain what happened, and an answer about the token, which
 * is given before anything is cancelled. `pg` says whose words they are; null: not known.
 */
export function classifyCancel(
  exchange: Exchange,
  taught: readonly TaughtCode[],
  pg: PaymentGateway | null = null,
): CancelOutcome {
  if (exchange.seen === 'not_sent') {
    return { outcome: 'not_sent', code: 'provider_unavailable', detail: exchange.detail }
  }
  if (exchange.seen === 'no_answer') return unknown(exchange.detail, null)

  const { status } = exchange
  const body = readObject(exchange.body)
  if (body === null) {
    return unknown(
      `The provider answered ${status} with something that is not JSON, or that names a member twice.`,
      null,
    )
  }
  const answer = receivedAnswer(body, exchange.body)
  const code = answer.cancel_code?.trim() ?? ''
  if (!speaksOfCancel(body) && isTokenError(status, body)) {
    return { outcome: 'token_rejected', detail: tokenErrorDetail(status, body) }
  }
  if (status < 200 || status > 299) return unknown(`The provider answered with status ${status}.`, answer)
  if (code === '') return unknown('The provider answered without a cancel_code.', answer)
  if (code === SUCCESS_CODE) {
    return {
      outcome: 'succeeded',
      provider: answer,
      refundedAt: readDate(answer.cancel_date),
      cancelledAmount: readAmount(answer.cancel_amt),
    }
  }
  return outcomeOf(judge({ code, message: body.cancel_msg }, { pg, taught }), code, answer)
}

/** Whether it has a member of a cancel's answer, in whatever spelling: then something may have been done. */
function speaksOfCancel(body: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(body).some((name) => /^\s*cancel/i.test(name))
}

/** What a verdict on words leads to. */
function outcomeOf({ says }: Verdict, code: string, answer: ProviderAnswer): CancelOutcome {
  const said = `with code ${code}: ${answer.cancel_msg ?? 'no message'}`
  const failed = (failure: FailureCode, detail: string): CancelOutcome => ({
    outcome: 'failed',
    code: failure,
    provider: answer,
    detail,
  })
  switch (says) {
    case 'ambiguous':
      return unknown(`The provider declined in words that may hide a cancel, ${said}`, answer)
    case 'unreadable':
      return unknown(`The provider declined in words that cannot be read, ${said}. ${TEACH}`, answer)
    case 'not_known':
      return {
        outcome: 'unknown',
        detail: `The provider declined in words that this gateway does not know, ${said}. ${TEACH}`,
        provider: answer,
        ...(answer.cancel_msg?.trim() && { isUnknownDecline: true }),
      }
    case 'deposit_required':
      return failed(
        'deposit_required',
        `The payment was settled to the merchant already and needs the provider's cancel-after-deposit API. It answered ${said}`,
      )
    case 'already_cancelled':
      return failed(
        'already_cancelled',
        `The payment was cancelled before, outside of this gateway: have that booked (POST /payments/{tid}/outside-refunds), so that its ledger knows. The provider answered ${said}`,
      )
    case 'declined':
      return failed('provider_declined', `The provider declined the refund ${said}`)
  }
}

const TEACH =
  'An operator can resolve this refund and, where the code is a decline for certain, add it to COOKIEPAY_DECLINED_CODES.'

/**
 * Whether the call says that the provider is not well, rather than this refund. A decline that is merely not known
 * here says nothing of the provider.
 */
export function providerHasFailed(outcome: CancelOutcome): boolean {
  if (outcome.outcome === 'unknown') return outcome.isUnknownDecline !== true
  return outcome.outcome === 'not_sent'
}

function unknown(detail: string, provider: ProviderAnswer | null): CancelOutcome {
  return { outcome: 'unknown', detail, provider }
}
