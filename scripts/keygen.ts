import { createHash, randomBytes } from 'node:crypto'
import { CALLER_PATTERN, SCOPES } from '../src/config.ts'

const USAGE = `Usage: npm run keygen -- <caller> <scopes>
  caller  1 to 64 of A-Z, a-z, 0-9, _ . and -
  scopes  any of ${SCOPES.join(', ')}, joined by commas or plus signs
Example: npm run keygen -- shop create,read`

function refuse(mistake: string): never {
  console.error(`${mistake}\n${USAGE}`)
  process.exit(1)
}

const [caller, scopeList, ...others] = process.argv.slice(2)
if (caller === undefined || scopeList === undefined || others.length > 0) {
  refuse('A caller and its scopes are needed, and nothing else.')
}
if (!CALLER_PATTERN.test(caller)) refuse(`Not a caller: ${JSON.stringify(caller)}`)

const scopes = [...new Set(scopeList.split(/[,+]/))]
const unknown = scopes.find((scope) => !(SCOPES as readonly string[]).includes(scope))
if (unknown !== undefined) refuse(`Not a scope: ${JSON.stringify(unknown)}`)

const key = `rgk_${randomBytes(32).toString('base64url')}`
const sha256 = createHash('sha256').update(key).digest('hex')

console.log(`Key, for the caller alone and shown only now:
  ${key}
Entry for API_KEYS, to be added with a comma:
  ${caller}:${sha256}:${scopes.join('+')}`)
