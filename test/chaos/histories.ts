import type { RefundEvent } from '../../src/refunds/history.ts'
import type { JournalEntry } from '../../src/refunds/ports/journal.ts'
import type { Refund } from '../../src/refunds/refund.ts'
import type { RefundRequest } from '../../src/refunds/refund-request.ts'

/** The three histories that the checker compares, of one run. */
export type Histories = Readonly<{
  /** What callers were told. */
  keys: readonly KeyHistory[]
  /** What the gateway stored, by tid. */
  stored: ReadonlyMap<string, StoredPayment>
  /** What the sandbox applied, by tid. */
  applied: ReadonlyMap<string, AppliedPayment>
  /** Ledgers that were read while the run was under way. */
  ledgersSeen: readonly Ledger[]
  /** Ids of refunds whose outcome a gateway told while the store could not take or keep it, and said so in its log. */
  postponed: ReadonlySet<string>
  /** What was killed, and when; a gateway takes the last lines of its log with it. */
  kills: readonly Kill[]
  /** When the store ran on other data than its newest. */
  lapses: readonly Lapse[]
  /** When processes were stopped, and went on. */
  pauses: readonly Pause[]
  /** Answers to `POST /refunds/check`. */
  checked: readonly Checked[]
  /** How many refunds the day's limit counts, by a gateway's metric; null: it was not asked. */
  counted: number | null
  /** The journal, once everything was settled; null: it was not read. */
  journal: readonly JournalEntry[] | null
  /** Ids of refunds that changed while the store ran on other data than its newest. */
  lapsed: ReadonlySet<string>
}>

/** A SIGSTOP of the process of this name, in milliseconds since the start of the run. */
export type Pause = Readonly<{ name: string; fromMs: number; toMs: number }>

/** What would have been answered to a refund. */
export type Checked = Readonly<{
  body: Omit<Payload, 'metadata'>
  status: number
  code: string | null
  amount?: number
  remaining?: number
  remaining_after?: number
}>

/** The store did not know its newest data then, in milliseconds since the start of the run. */
export type Lapse = Readonly<{ fromMs: number; toMs: number }>

/** A SIGKILL of the process of this name, in milliseconds since the start of the run. */
export type Kill = Readonly<{ name: string; atMs: number }>

/** Names the key and the payload that a refund was made for, so that what is stored can be traced back. */
export type Payload = RefundRequest & Readonly<{ metadata: Readonly<{ key: string; payload: string }> }>

/** One idempotency key and everything that was told about it. */
export type KeyHistory = Readonly<{
  key: string
  story: string
  /** The first is what the key was made for; others are sent under it too. */
  payloads: readonly Payload[]
  told: Told[]
}>

/** One request about a key, and its answer. */
export type Told = Readonly<{
  /** `refund`: a `POST /refunds`; `read`: the refund was read; `resolve`: an operator settled it. */
  what: 'refund' | 'read' | 'resolve'
  /** Which of the key's payloads was sent. */
  payload: number
  gateway: number
  /** Steps of the run's clock: an answer with a lower number than a request was there before it was sent. */
  sentAt: number
  answeredAt: number
  /** Milliseconds since the start of the run, to be read by people. */
  atMs: number
  /** The HTTP status; 0: there was no answer. */
  status: number
  /** The problem's code; without an answer `lost`, or `refused` where no connection was made. */
  code: string | null
  retry: string | null
  isReplay: boolean
  /** The refund in the answer. */
  refund: Refund | null
  /** Of a possible duplicate. */
  rule: string | null
  /** Of a mismatch. */
  remaining: number | null
}>

/** `GET /payments/{tid}`, without its refunds. */
export type Ledger = Readonly<{
  tid: string
  amount: number
  refunded: number
  in_flight: number
  unknown: number
  awaiting_deposit: number
  disputed: number
  outside: number
  remaining: number
}>

/** What the gateway's reads say of one payment; without a ledger, no refund of it is known. */
export type StoredPayment = Readonly<{
  ledger: Ledger | null
  refunds: readonly Refund[]
  /** `GET /refunds?tid=`, which is to say the same. */
  listed: readonly Refund[]
  /** `GET /refunds/{id}` of each, which is to say the same. */
  byId: ReadonlyMap<string, Refund | null>
  events: ReadonlyMap<string, readonly RefundEvent[]>
}>

/** Money that went back. */
export type Cancel = Readonly<{ tid: string; amount: number; at: string; cancel_tid: string }>

/** What the sandbox says of one payment; `calls` is null where it was not asked. */
export type AppliedPayment = Readonly<{
  calls: number | null
  cancels: readonly Cancel[]
  underWay: readonly CancelTimes[]
}>

/**
 * When the sandbox heeded a cancel, its token being good, and when it was answered or its connection ended (null: not
 * yet), in milliseconds since the start of the run.
 */
export type CancelTimes = Readonly<{ beganMs: number; endedMs: number | null }>

/** What a payment of the sandbox is worth: the digits after the last `-` of its tid. */
export function paidAmount(tid: string): number {
  return Number(tid.slice(tid.lastIndexOf('-') + 1))
}

/** The fault that a tid asks of the sandbox: its first segment. */
export function faultOf(tid: string): string {
  return tid.slice(0, tid.indexOf('-'))
}
