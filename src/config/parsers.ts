import { isIPv6 } from 'node:net'
import { LIMIT_NAMES, type LimitName, MOST_OF_LIMIT } from '../refunds/caller-limits.ts'
import { PAYMENT_GATEWAYS } from '../refunds/payment.ts'
import { hasCertificates, isPrivateKey } from './certificates.ts'
import {
  type Account,
  type ApiKey,
  CALLER_PATTERN,
  FULL_CANCELS,
  type HostPort,
  type JudgedCode,
  type LimitedCaller,
  SCOPES,
  type Scope,
} from './config.ts'
import { HIDDEN, shown } from './mistakes.ts'

/** Turns a value down, saying what was got as far as that may be shown. */
export type Refuse = (got: string) => undefined

/** Reads a value; undefined, by way of `refuse`, where the text is none. */
export type Parse<Value> = (text: string, refuse: Refuse) => Value | undefined

/** What a value may be, in words that end a sentence, and how it is read. */
type Kind<Value> = Readonly<{ takes: string; parse: Parse<Value> }>

const SECOND_MS = 1_000
export const HOUR_MS = 3_600 * SECOND_MS
export const DAY_MS = 24 * HOUR_MS
export const SHORTEST_MS = 300
const TEN_YEARS_MS = 3_650 * DAY_MS

/** Text of this form, as it stands. */
export function matching(pattern: RegExp): Parse<string> {
  return (text, refuse) => (pattern.test(text) ? text : refuse(shown(text)))
}

/** One of these words. */
export function oneOf<const Choice extends string>(choices: readonly Choice[]): Kind<Choice> {
  const parse: Parse<Choice> = (text, refuse) =>
    choices.find((choice) => choice === text) ?? refuse(shown(text))
  return { takes: `one of ${choices.join(', ')}`, parse }
}

/** An integer between these, both taken; `unit` is shown. */
export function integer(min: number, max: number, unit = ''): Kind<number> {
  const parse: Parse<number> = (text, refuse) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max ? value : refuse(shown(text))
  }
  return { takes: `an integer from ${min} to ${max}${unit}`, parse }
}

/** The durations that are short enough to be given in milliseconds. */
export const milliseconds = (): Kind<number> => integer(SHORTEST_MS, HOUR_MS, ' (milliseconds)')

/** A number of hours or days, decimals allowed, as whole milliseconds. */
export function longDuration(unit: string, unitMs: number): Kind<number> {
  const parse: Parse<number> = (text, refuse) => {
    const durationMs = /^\d{1,9}(\.\d{1,12})?$/.test(text) ? Math.round(Number(text) * unitMs) : Number.NaN
    return durationMs >= SHORTEST_MS && durationMs <= TEN_YEARS_MS ? durationMs : refuse(shown(text))
  }
  const takes = `a number of ${unit}, such as 36 or 0.5, from ${SHORTEST_MS} ms to ${TEN_YEARS_MS / unitMs} ${unit}`
  return { takes, parse }
}

/** A time of the day, as minutes after midnight. */
export const TIME_OF_DAY: Kind<number> = {
  takes: 'a time of the day, such as 04:00, from 00:00 to 23:59',
  parse(text, refuse) {
    const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? []
    return hours === undefined ? refuse(shown(text)) : Number(hours) * 60 + Number(minutes)
  },
}

/** A number of seconds, decimals allowed, as whole milliseconds; 0 is one. */
export const SECONDS_OR_NONE: Kind<number> = {
  takes: 'a number of seconds, such as 600 or 0.5, from 0 to 86400',
  parse(text, refuse) {
    const durationMs = /^\d{1,5}(\.\d{1,12})?$/.test(text) ? Math.round(Number(text) * SECOND_MS) : Number.NaN
    return durationMs <= DAY_MS ? durationMs : refuse(shown(text))
  },
}

/** Entries with commas between them; a mistake names the entry by its number. */
export function listOf<Entry>(parseEntry: Parse<Entry>): Parse<readonly Entry[]> {
  return (text, refuse) => {
    const entries = text.split(',').map((entry) => entry.trim())
    const parsed = entries
      .map((entry, index) =>
        parseEntry(entry, (got) => refuse(`entry ${index + 1} of ${entries.length}, ${got}`)),
      )
      .filter((entry) => entry !== undefined)
    return parsed.length === entries.length ? parsed : undefined
  }
}

const isHost = (text: string): boolean => isIPv6(text) || /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/.test(text)

export const parseHost: Parse<string> = (text, refuse) => (isHost(text) ? text : refuse(shown(text)))

const parseHostPort: Parse<HostPort> = (text, refuse) => {
  const [, bracketed, bare, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? bare ?? ''
  const port = Number(digits)
  return isHost(host) && port >= 1 && port <= 65_535 ? { host, port } : refuse(shown(text))
}

/** A URL by mistake is turned down as a whole: its password may hold commas and end up in any entry. */
const parseHostPorts: Parse<readonly HostPort[]> = (text, refuse) =>
  /[@/]/.test(text) ? refuse(`${HIDDEN} with @ or / in it`) : listOf(parseHostPort)(text, refuse)

export const parseRedisUrl: Parse<string> = (text, refuse) => {
  const url = parseUrl(text, ['redis:', 'rediss:'])
  const isFine =
    url !== undefined &&
    url.hostname !== '' &&
    url.port !== '0' &&
    /^(\/\d{0,5})?$/.test(url.pathname) &&
    isPercentEncoded(url.username) &&
    isPercentEncoded(url.password)
  return isFine ? url.href : refuse(HIDDEN)
}

export const parseBaseUrl: Parse<string> = (text, refuse) => {
  const url = parseUrl(text, ['http:', 'https:'])
  if (url === undefined || url.username !== '' || url.password !== '') return refuse(shown(text))
  return url.origin + url.pathname.replace(/\/+$/, '')
}

/** Queries are refused too: ioredis takes its options from them, timeouts and queues included. */
function parseUrl(text: string, protocols: readonly string[]): URL | undefined {
  if (/[?#\s]/.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return protocols.includes(url.protocol) ? url : undefined
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/** Stands in place of a SHA-256: the caller is who its client certificate says. */
const CERTIFICATE_MARK = 'cert'

const parseApiKey: Parse<ApiKey> = (text, refuse) => {
  const parts = text.split(':')
  const [caller = '', sha256 = '', scopes = ''] = parts
  const isCertificate = sha256 === CERTIFICATE_MARK
  if (parts.length !== 3) return refuse(`${HIDDEN} that is not three parts`)
  if (!CALLER_PATTERN.test(caller)) return refuse(`${HIDDEN} with a wrong caller`)
  // To OpenSSL a name that begins with a dot stands for every name that ends with it.
  if (isCertificate && caller.startsWith('.')) return refuse(`${HIDDEN} with a wrong caller`)
  if (!isCertificate && !/^[0-9a-f]{64}$/i.test(sha256)) return refuse(`${HIDDEN} with a wrong SHA-256`)
  const distinctScopes = [...new Set(scopes.split('+'))]
  if (!distinctScopes.every(isScope)) return refuse(`${HIDDEN} with a wrong scope`)
  return { caller, sha256: isCertificate ? null : Buffer.from(sha256, 'hex'), scopes: distinctScopes }
}

const isScope = (text: string): text is Scope => SCOPES.some((scope) => scope === text)

export const parseApiKeys: Parse<readonly ApiKey[]> = (text, refuse) => {
  const keys = listOf(parseApiKey)(text, refuse)
  const twice = repeated(keys?.map(({ caller, sha256 }) => sha256?.toString('hex') ?? caller) ?? [])
  return twice === undefined ? keys : refuse(`${HIDDEN} with the same key or certificate in entries ${twice}`)
}

/** Each mistake of each entry is turned down by itself, so that all of them are seen at once. */
export const parseCallerLimits: Parse<readonly LimitedCaller[]> = (text, refuse) => {
  const entries = parseJson(text)
  if (!Array.isArray(entries)) return refuse('a text that is not a JSON array')
  const parsed = entries.map((entry, index) =>
    parseLimitedCaller(entry, (got) => refuse(`entry ${index + 1} of ${entries.length}, which ${got}`)),
  )
  const limited = parsed.filter((entry) => entry !== undefined)
  if (limited.length < parsed.length) return undefined
  const twice = repeated(limited.map(({ caller }) => caller))
  return twice === undefined ? limited : refuse(`the same caller in entries ${twice}`)
}

function parseLimitedCaller(entry: unknown, refuse: Refuse): LimitedCaller | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return refuse('is not an object')
  const { caller, ...stated }: Record<string, unknown> = { ...entry }
  const isCaller = typeof caller === 'string' && CALLER_PATTERN.test(caller)
  if (!isCaller) refuse('has no valid caller')
  const limits: Partial<Record<LimitName, number>> = {}
  let isFine = isCaller
  for (const [label, value] of Object.entries(stated)) {
    const name = LIMIT_NAMES.find((known) => known === label)
    const isInRange = Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST_OF_LIMIT
    if (name !== undefined && isInRange) limits[name] = Number(value)
    else {
      isFine = false
      refuse(name === undefined ? `has an unknown member ${shown(label)}` : `has no valid ${name}`)
    }
  }
  return isFine && isCaller ? { caller, limits } : undefined
}

export const parseStoreSecret: Parse<Buffer> = (text, refuse) => {
  const secret = Buffer.from(text, 'base64')
  // Node skips what is not base64; only what encodes back to the same text was written as meant.
  if (secret.toString('base64') !== text) return refuse(`${HIDDEN} that is not base64`)
  return secret.length >= 32 ? secret : refuse(`${HIDDEN} of ${secret.length} bytes`)
}

/** One part of a path, and so nothing that a proxy may read otherwise. */
export const parseNotificationSecret: Parse<string> = (text, refuse) =>
  /^[A-Za-z0-9_-]{32,100}$/.test(text) ? text : refuse(HIDDEN)

/** The provider allows 30 characters (docs/provider.md, Tokens). */
export const ACCOUNT_ID: Kind<string> = {
  takes: '1 to 30 visible ASCII characters',
  parse: matching(/^[!-~]{1,30}$/),
}

/** The provider allows any number of characters; the key travels in a header. */
export const ACCOUNT_KEY: Kind<string> = {
  takes: '1 to 1000 visible ASCII characters',
  parse: (text, refuse) => (/^[!-~]{1,1000}$/.test(text) ? text : refuse(HIDDEN)),
}

export const PG = oneOf(PAYMENT_GATEWAYS)
export const CALL_TIMEOUT = milliseconds()
export const SPACING = integer(0, HOUR_MS, ' (milliseconds)')
export const FULL_CANCEL = oneOf(FULL_CANCELS)

/** An account as it is written; what it leaves out, variables and defaults fill in. */
export type StatedAccount = Pick<Account, 'name' | 'id' | 'key' | 'pg'> &
  Partial<Pick<Account, 'timeoutMs' | 'fullCancel' | 'spacingMs'>>

const parseJudgedCode: Parse<JudgedCode> = (text, refuse) => {
  const [, pg, code] = /^(?:([a-z]+):)?([^\s:]{1,20})$/.exec(text) ?? []
  if (code === undefined || code === SUCCESS_CODE) return refuse(shown(text))
  const knownPg = PAYMENT_GATEWAYS.find((name) => name === pg)
  return pg === undefined || knownPg !== undefined ? { pg: knownPg ?? null, code } : refuse(shown(text))
}

/** Success is nobody's to judge. */
const SUCCESS_CODE = '0000'

/** Codes that an operator has judged. */
export const JUDGED_CODES: Kind<readonly JudgedCode[]> = {
  takes: `cancel_codes of 1 to 20 characters without spaces and colons, other than ${SUCCESS_CODE}, each alone or as pg:code, comma-separated`,
  parse: listOf(parseJudgedCode),
}

export const parseAccounts: Parse<readonly StatedAccount[]> = (text, refuse) => {
  const entries = parseJson(text)
  if (!Array.isArray(entries) || entries.length === 0) {
    return refuse('a file whose content is not a JSON array of at least one account')
  }
  const accounts = entries
    .map((entry, index) =>
      parseAccount(entry, (got) => refuse(`a file whose account ${index + 1} of ${entries.length} ${got}`)),
    )
    .filter((account) => account !== undefined)
  const sameName = repeated(accounts.map(({ name }) => name))
  if (sameName !== undefined) return refuse(`a file with the same name in accounts ${sameName}`)
  // Under two names one payment would have two ledgers.
  const sameId = repeated(accounts.map(({ id }) => id))
  if (sameId !== undefined) return refuse(`a file with the same id in accounts ${sameId}`)
  return accounts
}

function parseAccount(entry: unknown, refuse: Refuse): StatedAccount | undefined {
  if (typeof entry !== 'object' || entry === null) return refuse('is not an object')
  const stated: Record<string, unknown> = { ...entry }
  const { name, id, key, pg, timeout_ms, spacing_ms, full_cancel, ...others } = stated
  if (Object.keys(others).length > 0) {
    return refuse('has members other than name, id, key, pg, timeout_ms, spacing_ms and full_cancel')
  }
  const member = <Value>(label: string, value: unknown, parse: Parse<Value>): Value | undefined => {
    const refuseMember = () => refuse(`has no valid ${label}`)
    return typeof value === 'string' ? parse(value, refuseMember) : refuseMember()
  }
  const optional = <Value>(label: string, value: unknown, parse: Parse<Value>) =>
    value === undefined ? null : member(label, typeof value === 'number' ? String(value) : value, parse)
  const account = {
    name: member('name', name, matching(/^[a-z0-9_-]{1,30}$/)),
    id: member('id', id, ACCOUNT_ID.parse),
    key: member('key', key, ACCOUNT_KEY.parse),
    pg: member('pg', pg, PG.parse),
    timeoutMs: optional('timeout_ms', timeout_ms, CALL_TIMEOUT.parse),
    spacingMs: optional('spacing_ms', spacing_ms, SPACING.parse),
    fullCancel: optional('full_cancel', full_cancel, FULL_CANCEL.parse),
  }
  if (!isComplete(account)) return undefined
  const { timeoutMs, spacingMs, fullCancel, ...required } = account
  return {
    ...required,
    ...(timeoutMs !== null && { timeoutMs }),
    ...(spacingMs !== null && { spacingMs }),
    ...(fullCancel !== null && { fullCancel }),
  }
}

function isComplete<Members extends object>(
  members: Members,
): members is Members & { [Name in keyof Members]: Exclude<Members[Name], undefined> } {
  return !Object.values(members).includes(undefined)
}

/** Undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The first two positions, counted from one, that hold the same text. */
export function repeated(texts: readonly string[]): string | undefined {
  const second = texts.findIndex((text, index) => texts.indexOf(text) < index)
  return second < 0 ? undefined : `${texts.indexOf(texts[second] ?? '') + 1} and ${second + 1}`
}

export const CERTIFICATES: Kind<string> = {
  takes: 'one certificate or more in PEM, commonly by the path of their file',
  parse: (text, refuse) => (hasCertificates(text) ? text : refuse('a text without one')),
}

export const PRIVATE_KEY: Kind<string> = {
  takes: 'a private key in PEM, not encrypted, commonly by the path of its file',
  parse: (text, refuse) => (isPrivateKey(text) ? text : refuse('a text without one')),
}

export const HOSTS_AND_PORTS: Kind<readonly HostPort[]> = {
  takes: 'host:port, comma-separated',
  parse: parseHostPorts,
}
