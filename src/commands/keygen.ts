import { hash, randomBytes } from 'node:crypto'
import { CALLER_PATTERN, SCOPES, type Scope } from '../config/config.ts'

/** What each scope is for; the contract's table in short. */
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

function refuse(mistake: string): never {
  console.error(`${mistake}\n\n${USAGE}`)
  process.exit(1)
}

const args = process.argv.slice(2)
if (args.includes('--help')) {
  console.log(USAGE)
  process.exit(0)
}
const [caller, scopeList, ...others] = args
if (caller === undefined || scopeList === undefined || others.length > 0) {
  refuse('A caller and its scopes are needed, and nothing else.')
}
if (!CALLER_PATTERN.test(caller)) refuse(`Not a caller: ${JSON.stringify(caller)}`)

const scopes = [...new Set(scopeList.split(/[,+]/))]
const unknown = scopes.find((scope) => !(SCOPES as readonly string[]).includes(scope))
if (unknown !== undefined) refuse(`Not a scope: ${JSON.stringify(unknown)}`)

const key = `rgk_${randomBytes(32).toString('base64url')}`

console.log(`Key, for the caller alone and shown only now:
  ${key}
Entry for API_KEYS, to be added with a comma:
  ${caller}:${hash('sha256', key)}:${scopes.join('+')}`)
