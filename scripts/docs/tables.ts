/** The tables of the documents that also exist as data: each is made from the code that decides. */
import { readdirSync, readFileSync } from 'node:fs'
import { SCOPES, type Scope } from '../../src/config/config.ts'
import { defaultOf, VARIABLES, type Variable } from '../../src/config/variables.ts'
import { PROBLEM_CODES, PROBLEMS, type ProblemCode } from '../../src/http/problems/catalog.ts'
import {
  PAYMENT_GATEWAYS,
  PAYMENT_METHODS,
  type PaymentMethod,
  type RefundKind,
} from '../../src/refunds/payment.ts'
import { FAILURE_CODES } from '../../src/refunds/refund.ts'
import { brokenEligibilityRule, refundAccountRequired } from '../../src/refunds/rules/eligibility.ts'
import { FAULTS } from '../../src/sandbox/faults.ts'
import { type Language, say } from './words.ts'

/** By the name that stands in a page's marker, `<!-- generated: name -->`. */
export const TABLES: Readonly<Record<string, (language: Language) => string>> = {
  'error-codes': errorCodes,
  eligibility,
  'sandbox-faults': sandboxFaults,
  variables,
  scopes,
  commands,
}

/** What a caller does about each problem, in a few words. */
const ADVICE: Readonly<Record<ProblemCode, string>> = {
  invalid_request: '`errors` points at each member',
  idempotency_key_missing: 'send the header',
  idempotency_key_invalid: 'send 1 to 255 visible ASCII characters, once',
  unauthenticated: 'have your API key mended',
  forbidden: 'have your scopes mended',
  limit_exceeded: '`limit` says which; stop, and have somebody look why so much is refunded',
  not_found: 'look at the path, the id or the tid',
  idempotency_in_progress: 'the first request with the key is still running',
  payment_mismatch: 'state `payment` as it was paid, and as the earlier refund did',
  remaining_mismatch: '`remaining` is what remains; look at what was refunded',
  possible_duplicate: '`refund` may be the one that you want; `rule` says how to ask for another',
  payment_busy: 'other refunds of the payment are being made: repeat it',
  refund_unresolved: 'wait until the refund in the answer is settled',
  not_resolvable: '`detail` says why it cannot be settled so',
  payload_too_large: 'send less than 64 KiB',
  unsupported_media_type: 'send `application/json`',
  idempotency_key_reused: 'repeat what was first sent with this key, which may have been refunded',
  not_eligible: '`rule` says why; refund it another way',
  amount_exceeds_remaining: '`remaining` is what can be refunded',
  tax_free_not_allowed: 'leave `tax_free_amount` out: it is for Kiwoompay accounts',
  tax_free_exceeds_amount: 'correct `amount` and `tax_free_amount`',
  refund_account_required: 'give `refund_account`',
  unknown_account: 'give `account` as one of those that `detail` names',
  provider_declined: "`refund.provider` has the provider's code and message",
  already_cancelled: 'it was cancelled outside of this gateway: look there',
  deposit_required: "settled to the merchant already; the merchant's balance may suffice later",
  rate_limited: 'slow down',
  internal_error: 'it is safe to repeat',
  provider_auth_failed: 'nothing was cancelled; operators must look',
  provider_unavailable: 'nothing was cancelled for this request',
  store_unavailable: 'nothing was sent for this request',
  store_not_durable: 'nothing was sent for this request; operators must look',
}

/** What says nothing about whether something is stored under the key. */
const OPEN: readonly ProblemCode[] = ['not_resolvable', 'internal_error']

function errorCodes(language: Language): string {
  const failures: readonly ProblemCode[] = FAILURE_CODES
  return table(
    ['`code`', 'status', '`retry`', 'stored', 'what to do'].map((head) => say(head, language)),
    PROBLEM_CODES.map((code) => [
      `\`${code}\``,
      String(PROBLEMS[code].status),
      `\`${PROBLEMS[code].retry}\``,
      OPEN.includes(code) ? '' : say(failures.includes(code) ? 'yes' : 'no', language),
      say(ADVICE[code], language),
    ]),
  )
}

function eligibility(language: Language): string {
  return table(
    ['`payment.method`', 'in full', 'in part', 'needs'].map((head) => say(head, language)),
    PAYMENT_METHODS.map((method) => [
      `\`${method}\``,
      whereAllowed(method, 'full', language),
      whereAllowed(method, 'partial', language),
      refundAccountRequired(method) ? '`refund_account`' : '',
    ]),
  )
}

/** Yes, no, or the PGs that it is allowed with. */
function whereAllowed(method: PaymentMethod, kind: RefundKind, language: Language): string {
  const allowed = PAYMENT_GATEWAYS.filter((pg) => brokenEligibilityRule(method, kind, pg) === null)
  if (allowed.length === 0) return say('no', language)
  if (allowed.length === PAYMENT_GATEWAYS.length) return say('yes', language)
  return `${say('only with', language)} ${allowed.map((pg) => `\`${pg}\``).join(', ')}`
}

function sandboxFaults(language: Language): string {
  return table(
    ['tid begins with', 'the sandbox', 'the gateway'].map((head) => say(head, language)),
    FAULTS.map(({ name, does, gateway }) => [`\`${name}\``, say(does, language), say(gateway, language)]),
  )
}

function variables(language: Language): string {
  const stated: readonly (readonly [name: string, variable: Variable])[] = Object.entries(VARIABLES)
  return table(
    ['variable', 'default', 'meaning'].map((head) => say(head, language)),
    stated.map(([name, variable]) => [
      `\`${name}\``,
      variable.fallback === undefined ? say(defaultOf(variable), language) : defaultOf(variable),
      say(variable.meaning, language),
    ]),
  )
}

/** What each scope lets a caller do. */
const SCOPE_MEANINGS: Readonly<Record<Scope, string>> = {
  create: '`POST /refunds`',
  refund_account: 'send a `refund_account`, which pays out to any bank account',
  read: 'read what this caller asked for itself, and the sums of any payment',
  read_all: "read everybody's refunds, with `refund_account` and `metadata`; export and reports",
  resolve:
    'settle by hand what is unknown or disputed, also what it may not read; never what it asked for itself',
}

function scopes(language: Language): string {
  return table(
    ['scope', 'lets a caller'].map((head) => say(head, language)),
    SCOPES.map((scope) => [`\`${scope}\``, say(SCOPE_MEANINGS[scope], language)]),
  )
}

/** What a person runs: a file in `src/commands` and a script of the package, both of this name. */
const COMMANDS: Readonly<Record<string, string>> = {
  'accept-store': 'accept a store that has lost something, once it is sure that nobody repeats a refund',
  'check-config': 'try the settings, Redis and a token call for each account, and say what is wrong',
  classify: "tell what a provider's code and message would lead to, and by which row of which table",
  keygen: 'make an API key for a caller, and its entry in `API_KEYS`',
  reconcile: "hold the refunds of a day to the provider's lookup, and print what differs",
}

function commands(language: Language): string {
  const names = readdirSync(new URL('../../src/commands/', import.meta.url))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort()
  if (names.join() !== Object.keys(COMMANDS).sort().join()) {
    throw new Error(`scripts/docs/tables.ts knows other commands than src/commands/ has: ${names.join(', ')}`)
  }
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return table(
    ['in a clone', 'in the image', 'does'].map((head) => say(head, language)),
    names.map((name) => {
      if (scripts[name] === undefined) throw new Error(`package.json has no script ${name}`)
      const does = say(COMMANDS[name] as string, language)
      return [`\`npm run ${name} --\``, `\`node dist/commands/${name}.js\``, does]
    }),
  )
}

/** A Markdown table. A bar inside a cell would end it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
