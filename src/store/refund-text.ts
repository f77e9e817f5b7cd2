import type { Claim } from '../refunds/claim.ts'
import { endOfKoreanDay } from '../refunds/korean-day.ts'
import type { Ledger } from '../refunds/ledger-sums.ts'
import type { PaymentMethod } from '../refunds/payment.ts'
import type { Deposit, ProviderAnswer, Refund } from '../refunds/refund.ts'
import type { RefundStatus } from '../refunds/refund-states.ts'
import type { HistoryEntry, RefundDetails, Settlement, StoredRefund } from '../refunds/stored-refund.ts'
import { isoTime } from './iso-time.ts'

/** What scripts pass on unread: the members of a refund that they never change, and the outcome. */
type StoredJson = { fingerprint: string } & RefundDetails &
  Pick<Refund, 'provider' | 'refunded_at' | 'failure' | 'resolution'> &
  Pick<StoredRefund, 'earlier'>

/** The provider's answer as its values alone. */
type StoredAnswer = readonly [
  tid: string | null,
  code: string | null,
  msg: string | null,
  date: string | null,
  /** A number in a refund that was written before amounts were kept as texts. */
  amt: string | number | null,
]

/** How it is written, with short names, since Redis keeps millions of each. What is empty is left out. */
type ShortJson = Readonly<{
  print: string
  /** The account's name, where it is not the one that a single account has. */
  of: string | undefined
  tax_free: StoredJson['tax_free_amount'] | undefined
  reason: string
  /** Lua reads it, too (lua/shared/duplicates.lua). */
  ref: string | undefined
  account: StoredJson['refund_account'] | undefined
  by: string
  metadata: StoredJson['metadata'] | undefined
  answer: StoredAnswer | undefined
  at: string | undefined
  failure: StoredJson['failure'] | undefined
  resolution: StoredJson['resolution'] | undefined
  earlier: StoredJson['earlier'] | undefined
}>

/** What `COOKIEPAY_ID` and its two companions name their account (src/config/read-config.ts). */
const ONLY_ACCOUNT = 'default'

function encodeJson(json: StoredJson): string {
  return JSON.stringify({
    print: json.fingerprint,
    of: json.account === ONLY_ACCOUNT ? undefined : json.account,
    tax_free: json.tax_free_amount ?? undefined,
    reason: json.reason,
    ref: json.reference ?? undefined,
    account: json.refund_account ?? undefined,
    by: json.requested_by,
    metadata: Object.keys(json.metadata).length === 0 ? undefined : json.metadata,
    answer: json.provider === null ? undefined : encodeAnswer(json.provider),
    at: json.refunded_at ?? undefined,
    failure: json.failure ?? undefined,
    resolution: json.resolution ?? undefined,
    earlier: json.earlier.length === 0 ? undefined : json.earlier,
  } satisfies ShortJson)
}

function decodeJson(text: string): StoredJson {
  const json = JSON.parse(text) as ShortJson
  return {
    fingerprint: json.print,
    account: json.of ?? ONLY_ACCOUNT,
    tax_free_amount: json.tax_free ?? null,
    reason: json.reason,
    reference: json.ref ?? null,
    refund_account: json.account ?? null,
    requested_by: json.by,
    metadata: json.metadata ?? {},
    provider: json.answer === undefined ? null : decodeAnswer(json.answer),
    refunded_at: json.at ?? null,
    failure: json.failure ?? null,
    resolution: json.resolution ?? null,
    earlier: json.earlier ?? NONE,
  }
}

const NONE = [] as const

function encodeAnswer(answer: ProviderAnswer): StoredAnswer {
  return [answer.cancel_tid, answer.cancel_code, answer.cancel_msg, answer.cancel_date, answer.cancel_amt]
}

function decodeAnswer(answer: StoredAnswer): ProviderAnswer {
  const [cancel_tid, cancel_code, cancel_msg, cancel_date, cancel_amt] = answer
  return {
    cancel_tid,
    cancel_code,
    cancel_msg,
    cancel_date,
    cancel_amt: cancel_amt === null ? null : String(cancel_amt),
  }
}

/** What is stored of a refund that nothing is known of but its intent. */
export function intentJson(fingerprint: string, details: RefundDetails): WrittenJson {
  return writeJson({
    fingerprint,
    account: details.account,
    tax_free_amount: details.tax_free_amount,
    reason: details.reason,
    reference: details.reference,
    refund_account: details.refund_account,
    requested_by: details.requested_by,
    metadata: details.metadata,
    provider: null,
    refunded_at: null,
    failure: null,
    resolution: null,
    earlier: NONE,
  })
}

/** What is stored of a refund with this outcome. */
export function settledJson(stored: StoredRefund, settlement: Settlement): WrittenJson {
  const { refund, fingerprint, earlier } = stored
  const { provider, refunded_at, failure, resolution } = settlement
  const { account, tax_free_amount, reason, reference, refund_account, requested_by, metadata } = refund
  return writeJson({
    fingerprint,
    account,
    tax_free_amount,
    reason,
    reference,
    refund_account,
    requested_by,
    metadata,
    provider,
    refunded_at,
    failure,
    resolution,
    earlier: refund.disputed ? [...earlier, refund.resolution] : earlier,
  })
}

/** What a deposit is kept as; lua/shared/ledger.lua puts the token of its asking before it. */
type DepositJson = Readonly<{
  /** When it was asked for, in milliseconds since 1970. */
  at: number
  /** Who asked for one, each time. */
  askedBy: readonly string[]
  answer: string | null
}>

export function depositJson({ at, askedBy, answer }: DepositJson): string {
  return JSON.stringify({ at, askedBy, answer })
}

/** The same of a refund that was read; null where it has none. */
export function depositJsonOf({ refund: { deposit }, asking }: StoredRefund): string | null {
  if (deposit === null || asking === null) return null
  return depositJson({
    at: Date.parse(deposit.requested_at),
    askedBy: asking.askedBy,
    answer: deposit.answer,
  })
}

/** What a refund's deposit follows on (lua/shared/ledger.lua). */
const DEPOSIT = '\ndeposit '

function decodeDeposit(text: string): Readonly<{ deposit: Deposit; asking: StoredRefund['asking'] }> {
  const [token = ''] = text.split(' ', 1)
  const { at, askedBy, answer } = JSON.parse(text.slice(token.length + 1)) as DepositJson
  return {
    deposit: { requested_at: new Date(at).toISOString(), expires_at: endOfKoreanDay(at), answer },
    asking: { token, askedBy },
  }
}

/** A text beside what it says, so that whoever wrote it and gets it back need not read it. */
export type WrittenJson = Readonly<{ json: StoredJson; text: string }>

function writeJson(json: StoredJson): WrittenJson {
  return { json, text: encodeJson(json) }
}

/** Whether a refund's text says `processing`. */
export function isProcessing(text: string): boolean {
  return text.startsWith('processing ')
}

/**
 * A refund from the text that lua/shared/ledger.lua writes: eleven words, then its JSON, that of what disputes it and that
 * of its deposit.
 * `own`: what the text may hold, and need not be read again then.
 */
export function decodeRefund(
  whole: string,
  { id, merchant, tid }: Pick<Claim, 'id' | 'merchant' | 'tid'>,
  own?: WrittenJson,
): StoredRefund {
  const depositAt = whole.indexOf(DEPOSIT)
  const text = depositAt < 0 ? whole : whole.slice(0, depositAt)
  const asked = depositAt < 0 ? NO_DEPOSIT : decodeDeposit(whole.slice(depositAt + DEPOSIT.length))
  const words = text.split(' ', 11)
  const [state, kind, attempt, , amount, taxFree, , createdAt, updatedAt, booked, history] = words as [
    string,
    ...string[],
  ]
  const isDisputed = state === 'disputed'
  const status = isDisputed ? 'failed' : (state as RefundStatus)
  const isOwn = own !== undefined && !isDisputed && text.endsWith(own.text)
  const jsonAt = isOwn ? 0 : words.join(' ').length + 1
  const disputeAt = isDisputed ? text.indexOf('\n', jsonAt) : text.length
  const json = isOwn ? own.json : decodeJson(text.slice(jsonAt, disputeAt))
  const entries = decodeHistory(history as string)
  const updated = isoTime(Number(updatedAt))
  const settledAt = isDisputed
    ? (entries.findLast(({ event }) => event === 'failed')?.at ?? updated)
    : updated
  // Only a late answer of the provider settles an unknown refund without a resolution of its own.
  const isSettled = status === 'succeeded' || status === 'failed'
  const isLateAnswer = isSettled && entries.some(({ event }) => event === 'unknown')
  const lateResolution = { source: 'provider', by: null, note: null, at: settledAt } as const
  const refund: Refund = {
    id,
    status,
    account: json.account,
    tid,
    kind: kind as Refund['kind'],
    amount: Number(amount),
    tax_free_amount: json.tax_free_amount,
    reason: json.reason,
    reference: json.reference,
    refund_account: json.refund_account,
    provider: json.provider,
    refunded_at: json.refunded_at,
    // Its JSON still says why it had failed.
    failure: isSettled ? json.failure : null,
    resolution: json.resolution ?? (isLateAnswer ? lateResolution : null),
    deposit: asked.deposit,
    requested_by: json.requested_by,
    metadata: json.metadata,
    created_at: isoTime(Number(createdAt)),
    updated_at: updated,
  }
  if (isDisputed) refund.disputed = true
  return {
    refund,
    merchant,
    attempt: attempt as string,
    fingerprint: json.fingerprint,
    history: entries,
    countedAmount: Number(booked === '-' ? amount : booked),
    countedTaxFree: Number(taxFree),
    earlier: json.earlier,
    asking: asked.asking,
    disputedBy: isDisputed ? decodeJson(text.slice(disputeAt + 1)) : null,
  }
}

const NO_DEPOSIT = { deposit: null, asking: null } as const

/** A refund's number in its payment, by which lists go on. */
export function numberOf(text: string): string {
  return text.split(' ', 4)[3] as string
}

/** `unknown:lease@1767231000000,conflict:failed@1767231060000`, or `-`. */
function decodeHistory(text: string): HistoryEntry[] {
  if (text === '-') return []
  return text.split(',').map((entry) => {
    const [event, cause, at] = entry.split(/[:@]/) as [HistoryEntry['event'], string, string]
    return { event, cause, at: isoTime(Number(at)) }
  })
}

/** How many words of a ledger's text stand before the sums that hardly any payment has. */
const RARE_SUMS_AT = 14

/** A payment's ledger from the text that lua/shared/ledger.lua writes; `verified`: a time, or ''. */
export function decodeLedger({
  text,
  verified,
  tid,
}: Readonly<{ text: string; verified: string; tid: string }>): Ledger {
  const words = text.split(' ')
  const [method, amount, taxFree, refunded, , inFlight, , unknown, , disputed] = words
  // Absent where nothing is counted there.
  const [awaitingDeposit = 0, , outside = 0] = words.slice(RARE_SUMS_AT)
  return {
    tid,
    method: method as PaymentMethod,
    amount: Number(amount),
    tax_free_amount: taxFree === '-' ? null : Number(taxFree),
    refunded: Number(refunded),
    in_flight: Number(inFlight),
    unknown: Number(unknown),
    awaiting_deposit: Number(awaitingDeposit),
    disputed: Number(disputed),
    outside: Number(outside),
    verified_at: verified === '' ? null : isoTime(Number(verified)),
  }
}
