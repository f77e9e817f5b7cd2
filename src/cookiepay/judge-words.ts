import type { PaymentGateway } from '../refunds/payment.ts'
import { ALREADY_CANCELLED } from './wordings/already-cancelled.ts'
import { AMBIGUOUS, UNAMBIGUOUS } from './wordings/ambiguous.ts'
import { DECLINED, HARMLESS, PARTLY_CANCELLED } from './wordings/declined.ts'
import { DEPOSIT_REQUIRED_CODE } from './wordings/deposit-required.ts'
import { CLAIMED_CANCEL, CLAIMS, NEGATIONS } from './wordings/doubts.ts'
import { PG_CODES, PG_MESSAGES, type PgVerdict } from './wordings/payment-gateways.ts'
import { comparable, firstSaid, type Phrase, without } from './wordings/phrase.ts'
import { BESIDES, CREDENTIALS, REJECTION, TOKEN_ERROR_CODES } from './wordings/token-errors.ts'
import { unreadableBy } from './wordings/unreadable.ts'

/**
 * A `cancel_code` that an operator has judged, in COOKIEPAY_AMBIGUOUS_CODES or COOKIEPAY_DECLINED_CODES. `pg`
 * null: whichever PG says it.
 */
export type TaughtCode = Readonly<{ pg: PaymentGateway | null; code: string; says: 'ambiguous' | 'declined' }>

/** What an operator has taught, as the configuration holds it. */
export function taughtCodes(config: {
  ambiguousCodes: readonly Omit<TaughtCode, 'says'>[]
  declinedCodes: readonly Omit<TaughtCode, 'says'>[]
}): readonly TaughtCode[] {
  return [
    ...config.ambiguousCodes.map((judged) => ({ ...judged, says: 'ambiguous' as const })),
    ...config.declinedCodes.map((judged) => ({ ...judged, says: 'declined' as const })),
  ]
}

/** Whose words are judged, null where that is not known, and what an operator has added to the tables. */
export type Speaker = Readonly<{ pg: PaymentGateway | null; taught: readonly TaughtCode[] }>

/**
 * A `cancel_code` other than success, and its `cancel_msg`: a text, null where there is none, or whatever
 * came.
 */
export type Said = Readonly<{ code: string; message: unknown }>

/**
 * What a code and a message say of a cancel, and the row of the table that decided. `unreadable` and `not_known`
 * settle no more than `ambiguous` does, but tell an operator something else.
 */
export type Verdict = Readonly<{
  says: PgVerdict | 'deposit_required' | 'unreadable' | 'not_known'
  table: string
  row: string
}>

/**
 * What the words of an answer mean (docs/provider.md, Cancel answers). What leaves the outcome open outweighs
 * what is certain. What no row knows is not known.
 */
export function judge({ code, message }: Said, { pg, taught }: Speaker): Verdict {
  const { text, obstacle } = readMessage(message)
  const words = comparable(text)
  const readable = obstacle === null ? words : null
  return (
    taughtCode('ambiguous', code, { pg, taught }) ??
    pgMessage(readable, pg) ??
    pgCode('ambiguous', code, pg) ??
    saysAmbiguous(words) ??
    (code === DEPOSIT_REQUIRED_CODE ? rowOf('deposit_required', 'codes', code) : null) ??
    pgCode('already_cancelled', code, pg) ??
    (readable === null ? null : saysCertain(readable)) ??
    taughtCode('declined', code, { pg, taught }) ??
    pgCode('declined', code, pg) ??
    (obstacle === null ? rowOf('not_known', 'none', '-') : rowOf('unreadable', 'unreadable', obstacle))
  )
}

/** The words of a message, and why they cannot be trusted to be what the PG said. */
function readMessage(message: unknown): Readonly<{ text: string; obstacle: string | null }> {
  if (typeof message === 'string') return { text: message, obstacle: unreadableBy(message) }
  if (message === null || message === undefined) return { text: '', obstacle: null }
  return { text: textOf(message), obstacle: 'no text' }
}

/** JSON that is nested too deep can be read, and yet not be written. */
function textOf(message: unknown): string {
  try {
    return JSON.stringify(message)
  } catch {
    return ''
  }
}

/** A PG's own message outweighs the general tables: nothing else is said beside it. */
function pgMessage(readable: string | null, pg: PaymentGateway | null): Verdict | null {
  const rows = (pg !== null && PG_MESSAGES[pg]) || []
  const row = rows.find(({ message }) => comparable(message) === readable)
  return row === undefined ? null : rowOf(row.verdict, `messages of ${pg}`, row.message)
}

function pgCode(says: PgVerdict, code: string, pg: PaymentGateway | null): Verdict | null {
  const rows = (pg !== null && PG_CODES[pg]) || []
  const row = rows.find((known) => known.verdict === says && known.code === code)
  return row === undefined ? null : rowOf(says, `codes of ${pg}`, `${code} (${row.meaning})`)
}

const TAUGHT_BY = { ambiguous: 'COOKIEPAY_AMBIGUOUS_CODES', declined: 'COOKIEPAY_DECLINED_CODES' } as const

function taughtCode(says: TaughtCode['says'], code: string, { pg, taught }: Speaker): Verdict | null {
  const row = taught.find(
    (judged) => judged.says === says && judged.code === code && (judged.pg === null || judged.pg === pg),
  )
  return row === undefined ? null : rowOf(says, TAUGHT_BY[says], row.pg === null ? code : `${row.pg}:${code}`)
}

/** An ambiguous word that can be found is one, whatever else of the message cannot be read. */
function saysAmbiguous(text: string): Verdict | null {
  return foundIn('ambiguous', 'ambiguous', AMBIGUOUS, without(UNAMBIGUOUS, text))
}

/**
 * Whether an `RTN_CD` other than success, and its `RTN_MSG`, are about the token, the id or the key, and
 * nothing else.
 */
export function speaksOfCredentials(code: string, message: unknown): boolean {
  const { text, obstacle } = readMessage(message)
  const words = comparable(text)
  if (obstacle !== null || saysAmbiguous(words) !== null) return false
  if (firstSaid([...CLAIMED_CANCEL, ...BESIDES], words) !== undefined) return false
  if (TOKEN_ERROR_CODES.includes(code)) return true
  return firstSaid(CREDENTIALS, words) !== undefined && firstSaid(REJECTION, words) !== undefined
}

function saysCertain(text: string): Verdict | null {
  return (
    certain('declined', 'partly cancelled', PARTLY_CANCELLED, text) ??
    certain('already_cancelled', 'already cancelled', ALREADY_CANCELLED, text) ??
    certain('declined', 'declined', DECLINED, text)
  )
}

/** A phrase counts for certain where nothing that stands beside it casts a doubt. */
function certain(says: PgVerdict, table: string, rows: readonly Phrase[], text: string): Verdict | null {
  const found = foundIn(says, table, rows, text)
  if (found === null) return null
  const rest = without(HARMLESS, without(DECLINED, without(rows, text)))
  return (
    foundIn('not_known', 'doubts', NEGATIONS, rest) ??
    (says === 'declined' ? foundIn('not_known', 'doubts', [...CLAIMED_CANCEL, ...CLAIMS], rest) : null) ??
    found
  )
}

function foundIn(
  says: Verdict['says'],
  table: string,
  rows: readonly Phrase[],
  text: string,
): Verdict | null {
  const row = firstSaid(rows, text)
  return row === undefined ? null : rowOf(says, table, row.says)
}

function rowOf(says: Verdict['says'], table: string, row: string): Verdict {
  return { says, table, row }
}
