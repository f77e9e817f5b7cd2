import { readFileSync } from 'node:fs'
import type { Cluster, Redis } from 'ioredis'

/** A connection to a single Redis, a Sentinel's primary or a Cluster. */
export type RedisClient = Redis | Cluster

type Script = Readonly<{ file: string; keys: number; onLedger: boolean }>

/** Each script keeps one invariant; its file says which. */
const SCRIPTS = {
  beginRefund: { file: 'begin.lua', keys: 2, onLedger: true },
  settleRefund: { file: 'settle.lua', keys: 1, onLedger: true },
  restoreRefund: { file: 'restore.lua', keys: 1, onLedger: true },
  releaseRefund: { file: 'release.lua', keys: 2, onLedger: true },
  readRefund: { file: 'read-refund.lua', keys: 1, onLedger: true },
  readPayment: { file: 'read-payment.lua', keys: 1, onLedger: true },
  listRefunds: { file: 'list-refunds.lua', keys: 1, onLedger: true },
  readDue: { file: 'read-due.lua', keys: 1, onLedger: false },
  takeDue: { file: 'take-due.lua', keys: 1, onLedger: false },
  lookAgain: { file: 'look-again.lua', keys: 1, onLedger: false },
  indexUnknown: { file: 'index-unknown.lua', keys: 3, onLedger: false },
  leaveIndex: { file: 'leave-index.lua', keys: 3, onLedger: false },
  expireClaim: { file: 'expire-claim.lua', keys: 1, onLedger: false },
  extendClaim: { file: 'extend-claim.lua', keys: 1, onLedger: false },
  raiseMark: { file: 'raise-mark.lua', keys: 3, onLedger: false },
  meetTerms: { file: 'meet-terms.lua', keys: 1, onLedger: false },
  yieldClaim: { file: 'yield-claim.lua', keys: 1, onLedger: false },
  deleteIfOwned: { file: 'delete-if-owned.lua', keys: 1, onLedger: false },
} as const satisfies Record<string, Script>

/** The scripts as commands of the client: keys first, then arguments. */
export type Scripts = Readonly<
  Record<keyof typeof SCRIPTS, (...keysAndArguments: (string | number)[]) => Promise<unknown>>
>

/** Teaches the client the scripts; ioredis sends each by its hash, and whole where the server lacks it. */
export function defineScripts(redis: RedisClient): RedisClient & Scripts {
  const ledger = readScript('shared/ledger.lua')
  for (const [name, { file, keys, onLedger }] of Object.entries(SCRIPTS)) {
    const body = readScript(file)
    redis.defineCommand(name, { numberOfKeys: keys, lua: onLedger ? `${ledger}\n${body}` : body })
  }
  return redis as RedisClient & Scripts
}

function readScript(file: string): string {
  return readFileSync(new URL(`./${file}`, import.meta.url), 'utf8')
}
