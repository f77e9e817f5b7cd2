import { type Static, Type } from 'typebox'
import { amountSchema, TaxFreeAmount } from './krw.ts'
import { nullable } from './nullable.ts'
import { REFUND_KINDS } from './payment.ts'
import { RefundAccount } from './refund-account.ts'
import { REFUND_ID } from './refund-id.ts'
import { Metadata } from './refund-request.ts'
import { REFUND_STATUSES } from './refund-states.ts'

function receivedText(description: string, example: string) {
  return nullable(Type.String(), { description, examples: [example] })
}

/** The provider's answer, as received (docs/provider.md, Cancel answers). */
export const ProviderAnswer = Type.Object(
  {
    cancel_tid: receivedText("The PG's id of the cancel", 'C20260101000001'),
    cancel_code: receivedText('`0000` is success', '0000'),
    cancel_msg: receivedText("The provider's message", '정상취소'),
    cancel_date: receivedText(
      'When it was cancelled, in the format that the provider chose',
      '20260101103000',
    ),
    cancel_amt: receivedText('What was cancelled; a number as its decimal text', '10000'),
  },
  { additionalProperties: false, description: "The provider's answer, as received" },
)
export type ProviderAnswer = Static<typeof ProviderAnswer>

/** Why a refund failed: the provider was called and refused. */
export const FAILURE_CODES = ['provider_declined', 'already_cancelled', 'deposit_required'] as const
export type FailureCode = (typeof FAILURE_CODES)[number]

const Failure = Type.Object(
  {
    code: Type.Enum(FAILURE_CODES, {
      description: 'The `code` of the problem that answers this key',
      examples: ['provider_declined'],
    }),
    detail: Type.String({
      description: 'What happened and what to do',
      examples: ['The provider declined the refund with code 1001: 취소 불가 거래입니다'],
    }),
  },
  { additionalProperties: false },
)

const Resolution = Type.Object(
  {
    source: Type.Enum(['lookup', 'provider', 'notification', 'operator'], {
      description: "Who settled it: the provider's lookup, its late answer, its notification, or a person",
      examples: ['lookup'],
    }),
    by: nullable(Type.String(), {
      description: 'The caller whose key resolved it, for `operator`',
      examples: ['finance'],
    }),
    note: nullable(Type.String(), {
      description: 'What the operator wrote',
      examples: ['Seen as cancelled in the CookiePay console'],
    }),
    at: Type.String({ description: 'ISO 8601', examples: ['2026-01-01T01:30:00.000Z'] }),
  },
  { additionalProperties: false },
)
export type Resolution = Static<typeof Resolution>

/** What the provider was asked for, so that the merchant can pay in what a refund needs (docs/provider.md, Deposits). */
const Deposit = Type.Object(
  {
    requested_at: Type.String({
      description: 'ISO 8601: when the account to pay into was asked for',
      examples: ['2026-01-01T01:31:00.000Z'],
    }),
    expires_at: Type.String({
      description: 'ISO 8601 with offset: until when the deposit can be paid, the end of that day in Korea',
      examples: ['2026-01-01T23:59:59+09:00'],
    }),
    // A text, since its form is documented nowhere: whoever needs a member of it reads it as what it turns out to be.
    answer: nullable(Type.String(), {
      description: "The provider's whole answer as received, whatever its form; null where it was lost",
      examples: ['{"RESULTCODE":"0000"}'],
    }),
  },
  { additionalProperties: false },
)
export type Deposit = Static<typeof Deposit>

/** A refund, as it is stored, returned and replayed. */
export const Refund = Type.Object(
  {
    id: Type.String({
      pattern: REFUND_ID,
      description: 'Derived from the caller and its idempotency key',
      examples: ['rf_D20N6F0CBDSWY6WVZ8RC1FRXZG'],
    }),
    status: Type.Enum(REFUND_STATUSES, {
      description:
        '`processing`: the provider is being called. `unknown`: it was called and the outcome is not known. `awaiting_deposit`: it takes place once a deposit is paid',
      examples: ['succeeded'],
    }),
    account: Type.String({ description: 'Name of the CookiePay account', examples: ['default'] }),
    tid: Type.String({ description: 'The PG transaction id of the payment', examples: ['order1042-10000'] }),
    kind: Type.Enum(REFUND_KINDS, {
      description:
        '`full`: everything that was paid, in one refund. `partial`: a part of it, or what earlier refunds have left',
      examples: ['full'],
    }),
    amount: amountSchema({ description: 'Integer of KRW', examples: [10000] }),
    tax_free_amount: nullable(TaxFreeAmount, {
      description: 'Integer of KRW, as requested',
      examples: [null],
    }),
    reason: Type.String({ description: 'As requested', examples: ['고객 변심'] }),
    reference: nullable(Type.String(), { description: 'As requested', examples: ['order-1042-line-1'] }),
    refund_account: nullable(RefundAccount, {
      description:
        'As requested, the account number masked to its last four characters, and never more than half of it shown',
    }),
    provider: nullable(ProviderAnswer, { description: "The provider's answer, as received" }),
    refunded_at: nullable(Type.String(), {
      description: 'ISO 8601 with offset, where `cancel_date` can be read',
      examples: ['2026-01-01T10:30:00+09:00'],
    }),
    failure: nullable(Failure, { description: 'Set when `failed`' }),
    resolution: nullable(Resolution, {
      description: 'Set when it was `unknown`, `awaiting_deposit` or disputed and has been settled since',
    }),
    deposit: nullable(Deposit, { description: 'Set once the account for a deposit was asked for' }),
    disputed: Type.Optional(
      Type.Literal(true, {
        description:
          'It had failed, and a later answer says that it was made: its amount counts as refunded until a person resolves it',
        examples: [true],
      }),
    ),
    requested_by: Type.String({ description: 'The caller', examples: ['orders'] }),
    metadata: Metadata,
    created_at: Type.String({ description: 'ISO 8601', examples: ['2026-01-01T01:30:00.000Z'] }),
    updated_at: Type.String({ description: 'ISO 8601', examples: ['2026-01-01T01:30:00.412Z'] }),
  },
  { $id: 'Refund', additionalProperties: false, description: 'A refund' },
)
export type Refund = Static<typeof Refund>
