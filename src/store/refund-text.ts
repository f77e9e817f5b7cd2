import type { PaymentMethod } from '../refunds/eligibility.ts'
import type { HistoryEntry, PaymentLedger, RefundDetails, StoredRefund } from '../refunds/ports.ts'
import type { Refund, RefundStatus } from '../refunds/refund.ts'

/** What scripts pass on unread: the members of a refund that they never change, and the outcome. */
export type StoredJson = { fingerprint: string } & RefundDetails &
  Pick<Refund, 'provider' | 'refunded_at' | 'failure' | 'resolution'>

const NOTHING: StoredJson = {
  fingerprint: '',
  tax_free_amount: null,
  reason: '',
  refund_account: null,
  requested_by: '',
  metadata: {},
  provider: null,
  refunded_at: null,
  failure: null,
  resolution: null,
}

/** How the members are called in Redis, which keeps millions of each. */
const SHORT_NAMES = {
  fingerprint: 'print',
  tax_free_amount: 'tax_free',
  reason: 'reason',
  refund_account: 'account',
  requested_by: 'by',
  metadata: 'metadata',
  provider: 'answer',
  refunded_at: 'at',
  failure: 'failure',
  resolution: 'resolution',
} as const satisfies Record<keyof StoredJson, string>

const MEMBERS = Object.entries(SHORT_NAMES) as [keyof StoredJson, string][]

/** The provider's answer is kept as its values alone, in this order. */
const ANSWER_MEMBERS = ['cancel_tid', 'cancel_code', 'cancel_msg', 'cancel_date', 'cancel_amt'] as const

/** The JSON of a refund, without the members that are empty. */
export function encodeJson(json: StoredJson): string {
  const written: Record<string, unknown> = {}
  for (const [name, shortName] of MEMBERS) {
    const value = json[name]
    if (value === null || (name === 'metadata' && Object.keys(json.metadata).length === 0)) continue
    written[shortName] = name === 'provider' ? ANSWER_MEMBERS.map((member) => json.provider?.[member]) : value
  }
  return JSON.stringify(written)
}

function decodeJson(text: string): StoredJson {
  const written = JSON.parse(text) as Record<string, unknown>
  const json: Record<string, unknown> = { ...NOTHING }
  for (const [name, shortName] of MEMBERS) {
    if (shortName in written) json[name] = written[shortName]
  }
  const answer = written[SHORT_NAMES.provider] as (string | null)[] | undefined
  if (answer !== undefined) {
    json.provider = Object.fromEntries(ANSWER_MEMBERS.map((member, index) => [member, answer[index] ?? null]))
  }
  return json as StoredJson
}

/** What is stored of a refund that nothing is known of but its intent. */
export function intentJson(fingerprint: string, details: RefundDetails): WrittenJson {
  return writeJson({
    ...details,
    fingerprint,
    provider: null,
    refunded_at: null,
    failure: null,
    resolution: null,
  })
}

/** A text beside what it says, so that whoever wrote it and gets it back need not read it. */
export type WrittenJson = Readonly<{ json: StoredJson; text: string }>

export function writeJson(json: StoredJson): WrittenJson {
  return { json, text: encodeJson(json) }
}

/** Whether a refund's text says `processing`, which only a script may take at its word: the lease may be over. */
export function isProcessing(text: string): boolean {
  return text.startsWith('processing ')
}

/** A refund from the text that lua/ledger.lua writes: ten words, then its JSON. */
export function decodeRefund(
  id: string,
  text: string,
  account: string,
  tid: string,
  own?: WrittenJson,
): StoredRefund {
  const words = text.split(' ', 10)
  const [status, kind, attempt, , amount, , , createdAt, updatedAt, history] = words as [string, ...string[]]
  const isOwn = own !== undefined && text.endsWith(own.text)
  const json = isOwn ? own.json : decodeJson(text.slice(words.join(' ').length + 1))
  const entries = decodeHistory(history as string)
  const settledAt = new Date(Number(updatedAt)).toISOString()
  // Only a late answer of the provider settles an unknown refund without a resolution of its own.
  const isLateAnswer = entries.some(({ event }) => event === 'unknown') && status !== 'unknown'
  const lateResolution = { source: 'provider', by: null, note: null, at: settledAt } as const
  return {
    attempt: attempt as string,
    fingerprint: json.fingerprint,
    history: entries,
    refund: {
      id,
      status: status as RefundStatus,
      account,
      tid,
      kind: kind as Refund['kind'],
      amount: Number(amount),
      tax_free_amount: json.tax_free_amount,
      reason: json.reason,
      refund_account: json.refund_account,
      provider: json.provider,
      refunded_at: json.refunded_at,
      failure: json.failure,
      resolution: json.resolution ?? (isLateAnswer ? lateResolution : null),
      requested_by: json.requested_by,
      metadata: json.metadata,
      created_at: new Date(Number(createdAt)).toISOString(),
      updated_at: settledAt,
    },
  }
}

/** `unknown:lease@1767231000000,conflict:failed@1767231060000`, or `-`. */
function decodeHistory(text: string): HistoryEntry[] {
  if (text === '-') return []
  return text.split(',').map((entry) => {
    const [event, cause, at] = entry.split(/[:@]/) as [HistoryEntry['event'], string, string]
    return { event, cause, at: new Date(Number(at)).toISOString() }
  })
}

/** A ledger from the text that lua/ledger.lua writes. */
export function decodeLedger(text: string, account: string, tid: string): PaymentLedger {
  const [method, amount, taxFree, refunded, , inFlight, , unknown] = text.split(' ')
  return {
    account,
    tid,
    method: method as PaymentMethod,
    amount: Number(amount),
    tax_free_amount: taxFree === '-' ? null : Number(taxFree),
    refunded: Number(refunded),
    in_flight: Number(inFlight),
    unknown: Number(unknown),
  }
}
