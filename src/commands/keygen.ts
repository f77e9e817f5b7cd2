import { hash, randomBytes } from 'node:crypto'
import { CALLER_PATTERN, SCOPES, type Scope } from '../config/config.ts'
import { runCommand } from './parts/run-command.ts'

/** What each scope is for; the table of docs/operating.md, Accounts and keys, in short. */
const MEANINGS: Readonly<Record<Scope, string>> = {
  create: 'ask for refunds',
  refund_account: 'have them paid out to a bank account that it names',
  read: 'read its own refunds, and the sums of any payment',
  read_all: "read everybody's refunds",
  resolve: 'settle by hand what is unknown, but nothing that it asked for itself',
}

const USAGE = `Makes a key for a caller, and the entry of API_KEYS that lets it in.

Usage: node dist/commands/keygen.js <caller> <scopes>     (or: npm run keygen -- <caller> <scopes>)
  caller  1 to 64 of A-Z, a-z, 0-9, _ . and -
  scopes  joined by commas or plus signs:
${SCOPES.map((scope) => `            ${scope.padEnd(16)}${MEANINGS[scope]}`).join('\n')}

What callers commonly need:
  a service                                    orders create,read
  one that refunds virtual accounts            orders create,refund_account,read
  a person who settles what is unknown         finance read_all,resolve
  a report                                     reports read_all
Give nobody create and resolve together: who asks for a refund should not settle one.`

type Wanted = Readonly<{ caller: string; scopes: readonly string[] }>

function readWanted([caller, scopeList, ...others]: readonly string[]): Wanted {
  if (caller === undefined || scopeList === undefined || others.length > 0) {
    throw new Error('A caller and its scopes are needed, and nothing else.')
  }
  if (!CALLER_PATTERN.test(caller)) throw new Error(`Not a caller: ${JSON.stringify(caller)}`)
  const scopes = [...new Set(scopeList.split(/[,+]/))]
  const unknown = scopes.find((scope) => !(SCOPES as readonly string[]).includes(scope))
  if (unknown !== undefined) throw new Error(`Not a scope: ${JSON.stringify(unknown)}`)
  return { caller, scopes }
}

await runCommand({
  usage: USAGE,
  read: readWanted,
  run({ caller, scopes }, print) {
    const key = `rgk_${randomBytes(32).toString('base64url')}`
    print(`Key, for the caller alone and shown only now:
  ${key}
Entry for API_KEYS, to be added with a comma:
  ${caller}:${hash('sha256', key)}:${scopes.join('+')}`)
    return true
  },
})
