import type { Claim } from '../refunds/claim.ts'
import type { Ledger } from '../refunds/ledger-sums.ts'
import type { PaymentMethod } from '../refunds/payment.ts'
import type { ProviderAnswer, Refund } from '../refunds/refund.ts'
import type { RefundStatus } from '../refunds/refund-states.ts'
import type { HistoryEntry, RefundDetails, Settlement, StoredRefund } from '../refunds/stored-refund.ts'

/** What scripts pass on unread: the members of a refund that they never change, and the outcome. */
type StoredJson = { fingerprint: string } & RefundDetails &
  Pick<Refund, 'provider' | 'refunded_at' | 'failure' | 'resolution' | 'deposit'> &
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
  deposit: StoredJson['deposit'] | undefined
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
    deposit: json.deposit ?? undefined,
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
    deposit: json.deposit ?? null,
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
    deposit: null,
    earlier: NONE,
  })
}

/** What is stored of a refund with this outcome. */
export function settledJson(stored: StoredRefund, settlement: Settlement): WrittenJson {
  const { refund, fingerprint, earlier } = stored
  const { provider, refunded_at, failure, resolution } = settlement
  const { account, tax_free_amount, reason, reference, refund_account, requested_by, metadata, deposit } =
    refund
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
    deposit,
    earlier: refund.disputed ? [...earlier, refund.resolution] : earlier,
  })
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
 * A refund from the text that lua/shared/ledger.lua writes: eleven words, then its JSON, and that of what disputes it.
 * `own`: what the text may hold, and need not be read again then.
 */
export function decodeRefund(
  text: string,
  { id, merchant, tid }: Pick<Claim, 'id' | 'merchant' | 'tid'>,
  own?: WrittenJson,
): StoredRefund {
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
  const updated = new Date(Number(updatedAt)).toISOString()
  const settledAt = isDisputed
    ? (entries.findLast(({ event }) => event === 'failed')?.at ?? updated)
    : updated
  // Only a late answer of the provider settles an unknown refund without a resolution of its own.
  const isLateAnswer = entries.some(({ event }) => event === 'unknown') && status !== 'unknown'
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
    failure: json.failure,
    resolution: json.resolution ?? (isLateAnswer ? lateResolution : null),
    deposit: json.deposit,
    requested_by: json.requested_by,
    metadata: json.metadata,
    created_at: new Date(Number(createdAt)).toISOString(),
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
    disputedBy: isDisputed ? decodeJson(text.slice(disputeAt + 1)) : null,
  }
}

/** A refund's number in its payment, by which lists go on. */
export function numberOf(text: string): string {
  return text.split(' ', 4)[3] as string
}

/** `unknown:lease@1767231000000,conflict:failed@1767231060000`, or `-`. */
function decodeHistory(text: string): HistoryEntry[] {
  if (text === '-') return []
  return text.split(',').map((entry) => {
    const [event, cause, at] = entry.split(/[:@]/) as [HistoryEntry['event'], string, string]
    return { event, cause, at: new Date(Number(at)).toISOString() }
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
    verified_at: verified === '' ? null : new Date(Number(verified)).toISOString(),
  }
}
