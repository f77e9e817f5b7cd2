import { readFileSync } from 'node:fs'
import type { Cluster, Redis } from 'ioredis'
import type { DailyLimit } from '../../refunds/caller-limits.ts'
import type { RefusalReply } from './may-begin.ts'

/** A connection to a single Redis, a Sentinel's primary or a Cluster. */
export type RedisClient = Redis | Cluster

/** What each script replies, as Redis gives it. What that means, only the wrapper beside the script knows. */
type Replies = Readonly<{
  beginRefund: RefusalReply
  checkRefund: RefusalReply
  settleRefund: readonly [result: string, id: string, text: string, before: string]
  restoreRefund: string
  awaitDeposit: RefusalReply
  undoDeposit: readonly [result: string, id: string, text: string]
  keepDeposit: readonly [result: string, id: string, text: string]
  releaseRefund: readonly [result: string, id: string, text: string]
  readRefund: readonly [result: string, id: string, text: string]
  readPayment: readonly [ledger: string, verified: string] | null
  listRefunds: readonly [
    next: string,
    ledger: string,
    verified: string,
    bookings: string,
    ...idsAndTexts: string[],
  ]
  bookOutside: readonly [result: string, textOrFigure?: string, figure?: string]
  keepNotification: number
  readDue: readonly string[]
  takeDue: readonly string[]
  lookAgain: number
  journalChanges: number
  journalBooking: number
  leaveSettled: number
  leaveIndex: number
  expireClaim: number
  joinClaim: number
  yieldClaim: number
  deleteIfOwned: number
  takeAllowance: readonly [result: string, name?: DailyLimit, used?: string]
  giveBackAllowance: number
  saveReconciliation: number
  raiseMark: readonly string[]
  takeEvents: readonly (readonly [attempt: number, id: string, fields: readonly string[]])[]
  dropConsumers: number
  meetEndpoint: readonly [since: string, reach: string]
  forgetEndpoint: number
  meetTerms: readonly [result: string, ...broken: ('callers' | 'secrets')[]]
}>

/** `isReadOnly`: Redis is to refuse whatever it would write. */
type Script = Readonly<{ file: string; keys: number; isReadOnly?: boolean }>

/** Each script keeps one invariant. Its head says which, what its keys and arguments are, and what it returns. */
const SCRIPTS: Readonly<Record<keyof Replies, Script>> = {
  beginRefund: { file: 'begin.lua', keys: 2 },
  checkRefund: { file: 'check.lua', keys: 1, isReadOnly: true },
  settleRefund: { file: 'settle.lua', keys: 1 },
  restoreRefund: { file: 'restore.lua', keys: 1 },
  awaitDeposit: { file: 'await-deposit.lua', keys: 2 },
  undoDeposit: { file: 'undo-deposit.lua', keys: 2 },
  keepDeposit: { file: 'keep-deposit.lua', keys: 1 },
  releaseRefund: { file: 'release.lua', keys: 2 },
  readRefund: { file: 'read-refund.lua', keys: 1 },
  readPayment: { file: 'read-payment.lua', keys: 1 },
  listRefunds: { file: 'list-refunds.lua', keys: 1 },
  bookOutside: { file: 'book-outside.lua', keys: 2 },
  keepNotification: { file: 'keep-notification.lua', keys: 1 },
  readDue: { file: 'read-due.lua', keys: 1 },
  takeDue: { file: 'take-due.lua', keys: 1 },
  lookAgain: { file: 'look-again.lua', keys: 1 },
  journalChanges: { file: 'journal-changes.lua', keys: 6 },
  journalBooking: { file: 'journal-booking.lua', keys: 2 },
  leaveSettled: { file: 'leave-settled.lua', keys: 3 },
  leaveIndex: { file: 'leave-index.lua', keys: 4 },
  expireClaim: { file: 'expire-claim.lua', keys: 1 },
  joinClaim: { file: 'join-claim.lua', keys: 1 },
  yieldClaim: { file: 'yield-claim.lua', keys: 1 },
  deleteIfOwned: { file: 'delete-if-owned.lua', keys: 1 },
  takeAllowance: { file: 'take-allowance.lua', keys: 1 },
  giveBackAllowance: { file: 'give-back-allowance.lua', keys: 1 },
  saveReconciliation: { file: 'save-reconciliation.lua', keys: 3 },
  raiseMark: { file: 'raise-mark.lua', keys: 3 },
  meetTerms: { file: 'meet-terms.lua', keys: 1 },
  takeEvents: { file: 'take-events.lua', keys: 1 },
  dropConsumers: { file: 'drop-consumers.lua', keys: 1 },
  meetEndpoint: { file: 'meet-endpoint.lua', keys: 1 },
  forgetEndpoint: { file: 'forget-endpoint.lua', keys: 1 },
}

/**
 * The scripts as commands of the client: keys first, then arguments. Called by the wrapper beside each script alone
 * (begin.ts for begin.lua, and so on).
 */
export type Scripts = {
  readonly [Name in keyof Replies]: (...keysAndArguments: (string | number)[]) => Promise<Replies[Name]>
}

/** A client that was taught the scripts. */
export type ScriptedClient = RedisClient & Scripts

/** The first line of a script that writes nothing. */
const READ_ONLY = '#!lua flags=no-writes\n'

/** Teaches the client the scripts; ioredis sends each by its hash, and whole where the server lacks it. */
export function defineScripts(redis: RedisClient): ScriptedClient {
  for (const [name, { file, keys, isReadOnly }] of Object.entries(SCRIPTS)) {
    const lua = isReadOnly ? READ_ONLY + textOf(file) : textOf(file)
    redis.defineCommand(name, { numberOfKeys: keys, lua })
  }
  return redis as ScriptedClient
}

/** How the head of a script names a file of shared functions that it needs. */
const INCLUDES = /^-- includes: (.+)$/gm

/** A script behind everything that it includes, each file once, with what that includes before it. */
function textOf(file: string, included: Set<string> = new Set()): string {
  if (included.has(file)) return ''
  included.add(file)
  const own = readFileSync(new URL(`./${file}`, import.meta.url), 'utf8')
  const needed = [...own.matchAll(INCLUDES)].map(([, name = '']) => textOf(name, included))
  return [...needed, own].filter((text) => text !== '').join('\n')
}
