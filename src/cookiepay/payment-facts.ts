import type { PaymentMethod } from '../refunds/payment.ts'
import type { PaymentFacts, PaymentLookup } from '../refunds/ports/provider.ts'
import type { Exchange } from './exchange.ts'
import { classifyRow, paidAmount, type Row, type RowAnswer, textOf } from './lookup.ts'

/** What one lookup of a payment led to. */
export type PaymentAnswer = Exclude<RowAnswer, { outcome: 'row' }> | PaymentLookup

/**
 * How a payment may have been made, by its `PAYMETHOD` (docs/provider.md, Lookups). `CARD` stands for any payment
 * by card: that a key-in or a subscription always has a name of its own is not documented, and easy payments other than
 * Kakao's may be among them.
 */
const METHODS: Readonly<Record<string, readonly PaymentMethod[]>> = {
  CARD: ['card_auth', 'card_keyin', 'card_billing', 'easy_pay'],
  CARD_SUGI: ['card_keyin'],
  CARD_BATCH: ['card_billing'],
  KAKAOPAY: ['easy_pay'],
  NAVERPAY: ['easy_pay'],
  BANK: ['bank_transfer'],
  VACCT: ['virtual_account'],
  VACCOUNT: ['virtual_account'],
  MOBILE: ['mobile'],
}

/** KakaoPay's `CARDCODE` beside the `PAYMETHOD` `CARD`. */
const KAKAO = 'KAKAO'

/** How much was paid and how, as the one row for this `TID` has it. */
export function classifyPayment(exchange: Exchange, tid: string): PaymentAnswer {
  const found = classifyRow(exchange, tid)
  return found.outcome === 'row' ? { outcome: 'found', facts: factsOf(found.row) } : found
}

/** A method that is not in the table says nothing: the provider may have more of them than are known here. */
function factsOf(row: Row): PaymentFacts {
  const word = (value: unknown) => textOf(value)?.trim().toUpperCase() ?? ''
  const method = word(row.PAYMETHOD)
  const isKakao = method === 'CARD' && word(row.CARDCODE) === KAKAO
  const known = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined
  return { amount: paidAmount(row), methods: isKakao ? ['easy_pay'] : (known ?? null) }
}
