import { type Static, type TSchema, type TSchemaOptions, Type } from 'typebox'
import { PAYMENT_METHODS, REFUND_KINDS } from './rules/eligibility.ts'

/** The largest amount that fits the provider's ten digits (manual: `amount`, length 10). */
export const MAX_KRW = 9_999_999_999

/** The schema, or null: one `type` list, which validators and serializers handle without trying branches. */
function nullable<Schema extends TSchema & { type: string }>(schema: Schema, options: TSchemaOptions) {
  return Type.Unsafe<Static<Schema> | null>({ ...schema, ...options, type: [schema.type, 'null'] })
}

/**
 * Half a surrogate pair is no text, and the replacement character says that something was not UTF-8: sent on
 * or stored, either would be another text than the caller meant (Unicode, 3.9).
 */
export const TEXT = '^[^\\p{Cs}\\ufffd]*$'

/** What shows nothing: white space, control characters, what Unicode says may be ignored, and the empty Braille cell. */
const BLANK = '\\s\\p{Z}\\p{Cc}\\p{Cf}\\p{Default_Ignorable_Code_Point}\\u2800'

/** Text of which something can be seen. */
export const VISIBLE_TEXT = `^[${BLANK}]*[^${BLANK}\\p{Cs}\\ufffd][^\\p{Cs}\\ufffd]*$`

/**
 * Visible ASCII with a letter or digit: two spellings of one transaction would be two ledgers, and `.` and `..` cannot
 * be asked for in a path. Its two repeats cannot both take a character, so a long text costs no more than it is long.
 */
export const TID = '^[!-/:-@\\[-`{-~]*[0-9A-Za-z][!-~]*$'

/** An amount of money: an integer of KRW. */
export const Krw = Type.Integer({
  // Generated clients of most languages would make it 32 bits wide, which it does not fit.
  format: 'int64',
  minimum: 1,
  maximum: MAX_KRW,
  description: 'Integer of KRW',
  examples: [10000],
})

const TaxFreeKrw = Type.Integer({
  format: 'int64',
  minimum: 0,
  maximum: MAX_KRW,
  description: 'Integer of KRW, the part of the amount on which no tax was paid',
  examples: [2000],
})

/** What the caller says was paid. Pinned while the payment has a refund that is not `failed`. */
export const Payment = Type.Object(
  {
    method: Type.Enum(PAYMENT_METHODS, { description: 'How it was paid', examples: ['card_auth'] }),
    amount: Type.Integer({
      format: 'int64',
      minimum: 1,
      maximum: MAX_KRW,
      description: 'Integer of KRW: everything that was paid',
      examples: [10000],
    }),
    tax_free_amount: Type.Optional(TaxFreeKrw),
  },
  { additionalProperties: false, description: 'The payment that is being refunded' },
)
export type Payment = Static<typeof Payment>

/** Where the money of a virtual account goes back to (manual: `bank`, `account_no`, `account_name`). */
export const RefundAccount = Type.Object(
  {
    bank: Type.String({
      minLength: 1,
      maxLength: 30,
      pattern: VISIBLE_TEXT,
      description: "The bank's code",
      examples: ['20'],
    }),
    account_no: Type.String({
      minLength: 1,
      maxLength: 30,
      pattern: VISIBLE_TEXT,
      description: 'Account number. It is sent on, and kept only as its last four characters or fewer',
      examples: ['1002345678901'],
    }),
    account_name: Type.String({
      minLength: 1,
      maxLength: 30,
      pattern: VISIBLE_TEXT,
      description: 'Name of the account holder',
      examples: ['홍길동'],
    }),
  },
  { additionalProperties: false, description: 'Account that a virtual account payment is paid back to' },
)
export type RefundAccount = Static<typeof RefundAccount>

// Not Type.Record: its pattern for names would let a name with a line feed past the check of its value.
const Metadata = Type.Unsafe<Record<string, string>>({
  type: 'object',
  maxProperties: 10,
  propertyNames: { minLength: 1, maxLength: 40, pattern: TEXT },
  additionalProperties: { type: 'string', maxLength: 200, pattern: TEXT },
  description: 'Kept and returned, never sent on',
  examples: [{ order: 'A-1042' }],
})

/** The body of `POST /refunds`. */
export const RefundRequest = Type.Object(
  {
    tid: Type.String({
      minLength: 1,
      maxLength: 50,
      pattern: TID,
      description: 'The PG transaction id of the payment: visible ASCII, at least one letter or digit',
      examples: ['order1042-10000'],
    }),
    reason: Type.String({
      minLength: 1,
      maxLength: 50,
      pattern: VISIBLE_TEXT,
      description: 'Why, as the provider will show it',
      examples: ['고객 변심'],
    }),
    payment: Payment,
    amount: Type.Optional(
      Type.Integer({
        format: 'int64',
        minimum: 1,
        maximum: MAX_KRW,
        description: 'Integer of KRW to refund; absent: everything that remains',
        examples: [3000],
      }),
    ),
    tax_free_amount: Type.Optional(TaxFreeKrw),
    refund_account: Type.Optional(RefundAccount),
    account: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 30,
        pattern: TEXT,
        description: 'Name of the configured CookiePay account; optional when there is only one',
        examples: ['default'],
      }),
    ),
    metadata: Type.Optional(Metadata),
  },
  { additionalProperties: false, description: 'One refund of one payment' },
)
export type RefundRequest = Static<typeof RefundRequest>

function receivedText(description: string, example: string) {
  return nullable(Type.String(), { description, examples: [example] })
}

/** The provider's answer, as received (manual: "응답 전문 파라미터"). */
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
    source: Type.Enum(['lookup', 'provider', 'operator'], {
      description: "Who settled it: the provider's lookup, its late answer, or a person",
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

export const REFUND_STATUSES = ['processing', 'succeeded', 'failed', 'unknown'] as const
export type RefundStatus = (typeof REFUND_STATUSES)[number]

/** A refund, as it is stored, returned and replayed. */
export const Refund = Type.Object(
  {
    id: Type.String({
      pattern: '^rf_[0-9A-HJKMNP-TV-Z]{26}$',
      description: 'Derived from the caller and its idempotency key',
      examples: ['rf_D20N6F0CBDSWY6WVZ8RC1FRXZG'],
    }),
    status: Type.Enum(REFUND_STATUSES, {
      description:
        '`processing`: the provider is being called. `unknown`: it was called and the outcome is not known',
      examples: ['succeeded'],
    }),
    account: Type.String({ description: 'Name of the CookiePay account', examples: ['default'] }),
    tid: Type.String({ description: 'The PG transaction id of the payment', examples: ['order1042-10000'] }),
    kind: Type.Enum(REFUND_KINDS, {
      description:
        '`full`: everything that was paid, in one refund. `partial`: a part of it, or what earlier refunds have left',
      examples: ['full'],
    }),
    amount: Krw,
    tax_free_amount: nullable(TaxFreeKrw, {
      description: 'Integer of KRW, as requested',
      examples: [null],
    }),
    reason: Type.String({ description: 'As requested', examples: ['고객 변심'] }),
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
      description: 'Set when it was `unknown` or disputed and has been settled since',
    }),
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

/** A refund's status, or that it is `failed` and disputed. */
export type RefundState = RefundStatus | 'disputed'

/**
 * Where a refund may go from each state. `processing` ends with the answer to the one call, or becomes
 * `unknown`; `unknown` is settled by a late answer, the provider's lookup or a person; `failed` is disputed by an
 * answer that says otherwise, and that is settled by a person alone; nothing leaves `succeeded`.
 */
export const TRANSITIONS: Readonly<Record<RefundState, readonly RefundState[]>> = {
  processing: ['succeeded', 'failed', 'unknown'],
  unknown: ['succeeded', 'failed'],
  succeeded: [],
  failed: ['disputed'],
  disputed: ['succeeded', 'failed'],
}

/** The account number as it may be stored and shown: its last four characters, and never more than half of it. */
export function maskAccountNumber(accountNumber: string): string {
  const characters = [...accountNumber]
  let shown = characters.slice(-4)
  // Hyphens and spaces hide nothing, and are not counted.
  while (tellingOf(shown) > tellingOf(characters) / 2) shown = shown.slice(1)
  return '*'.repeat(characters.length - shown.length) + shown.join('')
}

function tellingOf(characters: readonly string[]): number {
  return characters.filter((character) => /[\p{L}\p{N}]/u.test(character)).length
}
