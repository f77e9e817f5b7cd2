import { readFileSync } from 'node:fs'
import { isIPv4, isIPv6 } from 'node:net'
import { join } from 'node:path'
import { PAYMENT_GATEWAYS, type PaymentGateway } from '../refunds/payment.ts'
import { hasCertificates, isPrivateKey, keyFits } from './certificates.ts'

/** What an API key may do. */
export const SCOPES = ['create', 'refund_account', 'read', 'read_all', 'resolve'] as const
export type Scope = (typeof SCOPES)[number]

/** The names that a caller can have. */
export const CALLER_PATTERN = /^[A-Za-z0-9_.-]{1,64}$/

/**
 * How a caller shows who it is: by a key, known only by the SHA-256 of its text; or, where that is null, by a client
 * certificate of the caller's name.
 */
export type ApiKey = Readonly<{ caller: string; sha256: Buffer | null; scopes: readonly Scope[] }>

/** PEM texts. `clientAuthority`: who signs the certificates that clients must show; null: they need none. */
export type TlsFiles = Readonly<{ certificate: string; key: string; clientAuthority: string | null }>

/** How a first refund of everything is sent: with its amount, or as a cancel without one. */
export const FULL_CANCELS = ['with_amount', 'without_amount'] as const
export type FullCancel = (typeof FULL_CANCELS)[number]

/** A contract with CookiePay: `id` and `key` are the provider's `pay2_id` and `pay2_key`. */
export type Account = Readonly<{
  name: string
  id: string
  key: string
  pg: PaymentGateway
  /** The total for one call. */
  timeoutMs: number
  fullCancel: FullCancel
}>

/** A `cancel_code` that an operator has judged; `pg` null: whichever PG says it. */
export type JudgedCode = Readonly<{ pg: PaymentGateway | null; code: string }>

export type HostPort = Readonly<{ host: string; port: number }>

/** Where Redis is. The `url` of a cluster or a sentinel only lends its user name, password and TLS. */
export type RedisTarget =
  | Readonly<{ kind: 'private'; dataDir: string }>
  | Readonly<{ kind: 'url'; url: string }>
  | Readonly<{ kind: 'cluster'; nodes: readonly HostPort[]; url?: string }>
  | Readonly<{ kind: 'sentinel'; sentinels: readonly HostPort[]; name: string; url?: string }>

export type Config = Readonly<{
  host: string
  port: number
  /** Another port for health, readiness and metrics alone, in plain HTTP; null: there is none. */
  operationsPort: number | null
  /** Null: plain HTTP. */
  tls: TlsFiles | null
  logLevel: string
  redis: RedisTarget
  redisDurability: 'strict' | 'relaxed'
  /** How many replicas must have a write before it counts as stored. */
  redisMinReplicas: number
  /** The id that the store must have from the start; null: the one that is found. */
  redisStoreId: string | null
  /** A file outside of Redis that remembers how far the store had come; null: there is none. */
  storeMarkFile: string | null
  cookiepay: Readonly<{
    baseUrl: string
    connectTimeoutMs: number
    /** Codes that leave the outcome unknown. */
    ambiguousCodes: readonly JudgedCode[]
    /** Codes that are a decline for certain. */
    declinedCodes: readonly JudgedCode[]
  }>
  accounts: readonly Account[]
  /** Null: the service is open, which only a loopback host may be. */
  apiKeys: readonly ApiKey[] | null
  /** Newest first, at least one. */
  storeSecrets: readonly Buffer[]
  rateLimit: Readonly<{ max: number; windowMs: number }>
  idempotencyRetentionMs: number
  ledgerRetentionMs: number
  reconcileIntervalMs: number
  /** How long a refund must have been unknown before a person may call it failed. */
  resolveFailedAfterMs: number
  /** Where traces go, without the path of the signal; null: nowhere, and nothing is traced. */
  otlpEndpoint: string | null
}>

/** The environment does not make a `Config`. `mistakes` holds one line for each thing to mend. */
export class ConfigError extends Error {
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'))
    this.name = 'ConfigError'
    this.mistakes = mistakes
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/** Turns a value down, saying what was got as far as that may be shown. */
type Refuse = (got: string) => undefined
type Parse<Value> = (text: string, refuse: Refuse) => Value | undefined

type Variable = Readonly<{
  /** What the variable takes, to end a sentence with. */
  takes: string
  parse: Parse<unknown>
  /** Stands in for an unset variable. */
  fallback?: string
  /** Neither the value nor, lest it be the value by mistake, the path in NAME_FILE is shown. */
  isSecret?: true
  /** The variable is a path itself, and its value the content of that file. */
  isPath?: true
}>

const SECOND_MS = 1_000
const HOUR_MS = 3_600 * SECOND_MS
const DAY_MS = 24 * HOUR_MS
const SHORTEST_MS = 300
const TEN_YEARS_MS = 3_650 * DAY_MS

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const DURABILITIES = ['strict', 'relaxed'] as const

/** No secret at all, and so refused where anybody but this machine could reach the service. */
const DEVELOPMENT_STORE_SECRET = Buffer.from('for development only, not secret')

const HIDDEN = 'a hidden value'

/** A value as a mistake shows it: on one line, cut short, and not at all where it may hold a credential. */
function shown(text: string): string {
  if (/[@?"{]/.test(text)) return HIDDEN
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text)
}

function matching(pattern: RegExp): Parse<string> {
  return (text, refuse) => (pattern.test(text) ? text : refuse(shown(text)))
}

function oneOf<const Choice extends string>(choices: readonly Choice[]) {
  const parse: Parse<Choice> = (text, refuse) =>
    choices.find((choice) => choice === text) ?? refuse(shown(text))
  return { takes: `one of ${choices.join(', ')}`, parse }
}

function integer(min: number, max: number, unit = '') {
  const parse: Parse<number> = (text, refuse) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    return value >= min && value <= max ? value : refuse(shown(text))
  }
  return { takes: `an integer from ${min} to ${max}${unit}`, parse }
}

const milliseconds = () => integer(SHORTEST_MS, HOUR_MS, ' (milliseconds)')

/** A number of hours or days, decimals allowed, as whole milliseconds. */
function longDuration(unit: string, unitMs: number) {
  const parse: Parse<number> = (text, refuse) => {
    const durationMs = /^\d{1,9}(\.\d{1,12})?$/.test(text) ? Math.round(Number(text) * unitMs) : Number.NaN
    return durationMs >= SHORTEST_MS && durationMs <= TEN_YEARS_MS ? durationMs : refuse(shown(text))
  }
  const takes = `a number of ${unit}, such as 36 or 0.5, from ${SHORTEST_MS} ms to ${TEN_YEARS_MS / unitMs} ${unit}`
  return { takes, parse }
}

function listOf<Entry>(parseEntry: Parse<Entry>): Parse<readonly Entry[]> {
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

const parseHost: Parse<string> = (text, refuse) => (isHost(text) ? text : refuse(shown(text)))

const parseHostPort: Parse<HostPort> = (text, refuse) => {
  const [, bracketed, bare, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? bare ?? ''
  const port = Number(digits)
  return isHost(host) && port >= 1 && port <= 65_535 ? { host, port } : refuse(shown(text))
}

/** A URL by mistake is turned down as a whole: its password may hold commas and end up in any entry. */
const parseHostPorts: Parse<readonly HostPort[]> = (text, refuse) =>
  /[@/]/.test(text) ? refuse(`${HIDDEN} with @ or / in it`) : listOf(parseHostPort)(text, refuse)

const parseRedisUrl: Parse<string> = (text, refuse) => {
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

const parseBaseUrl: Parse<string> = (text, refuse) => {
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

/** In place of a SHA-256: the caller is who its client certificate says. */
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

const parseApiKeys: Parse<readonly ApiKey[]> = (text, refuse) => {
  const keys = listOf(parseApiKey)(text, refuse)
  const twice = repeated(keys?.map(({ caller, sha256 }) => sha256?.toString('hex') ?? caller) ?? [])
  return twice === undefined ? keys : refuse(`${HIDDEN} with the same key or certificate in entries ${twice}`)
}

const parseStoreSecret: Parse<Buffer> = (text, refuse) => {
  const secret = Buffer.from(text, 'base64')
  // Node skips what is not base64; only what encodes back to the same text was written as meant.
  if (secret.toString('base64') !== text) return refuse(`${HIDDEN} that is not base64`)
  return secret.length >= 32 ? secret : refuse(`${HIDDEN} of ${secret.length} bytes`)
}

// The manual allows the id 30 characters and the key any number; the key travels in a header.
const COOKIEPAY_ID = { takes: '1 to 30 visible ASCII characters', parse: matching(/^[!-~]{1,30}$/) }
const COOKIEPAY_KEY = {
  takes: '1 to 1000 visible ASCII characters',
  parse: (text: string, refuse: Refuse) => (/^[!-~]{1,1000}$/.test(text) ? text : refuse(HIDDEN)),
}
const COOKIEPAY_PG = oneOf(PAYMENT_GATEWAYS)
const COOKIEPAY_TIMEOUT_MS = milliseconds()
const COOKIEPAY_FULL_CANCEL = oneOf(FULL_CANCELS)

/** As in the provider's samples; EasyPay (KICC) advises 30 s for a cancel (facts). */
const DEFAULT_TIMEOUT_MS = 20_000
const DEFAULT_TIMEOUTS_MS: Readonly<Partial<Record<PaymentGateway, number>>> = { easypay: 35_000 }

/** An account as it is written; what it leaves out, variables and defaults fill in. */
type StatedAccount = Pick<Account, 'name' | 'id' | 'key' | 'pg'> &
  Partial<Pick<Account, 'timeoutMs' | 'fullCancel'>>

const parseJudgedCode: Parse<JudgedCode> = (text, refuse) => {
  const [, pg, code] = /^(?:([a-z]+):)?([^\s:]{1,20})$/.exec(text) ?? []
  if (code === undefined || code === SUCCESS_CODE) return refuse(shown(text))
  const known = PAYMENT_GATEWAYS.find((name) => name === pg)
  return pg === undefined || known !== undefined ? { pg: known ?? null, code } : refuse(shown(text))
}

/** Success is nobody's to judge. */
const SUCCESS_CODE = '0000'

const JUDGED_CODES = {
  takes: `cancel_codes of 1 to 20 characters without spaces and colons, other than ${SUCCESS_CODE}, each alone or as pg:code, comma-separated`,
  parse: listOf(parseJudgedCode),
}

const parseAccounts: Parse<readonly StatedAccount[]> = (text, refuse) => {
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
  const { name, id, key, pg, timeout_ms, full_cancel, ...others }: Record<string, unknown> = { ...entry }
  if (Object.keys(others).length > 0) {
    return refuse('has members other than name, id, key, pg, timeout_ms and full_cancel')
  }
  const member = <Value>(label: string, value: unknown, parse: Parse<Value>): Value | undefined => {
    const refuseMember = () => refuse(`has no valid ${label}`)
    return typeof value === 'string' ? parse(value, refuseMember) : refuseMember()
  }
  const optional = <Value>(label: string, value: unknown, parse: Parse<Value>) =>
    value === undefined ? null : member(label, typeof value === 'number' ? String(value) : value, parse)
  const account = {
    name: member('name', name, matching(/^[a-z0-9_-]{1,30}$/)),
    id: member('id', id, COOKIEPAY_ID.parse),
    key: member('key', key, COOKIEPAY_KEY.parse),
    pg: member('pg', pg, COOKIEPAY_PG.parse),
    timeoutMs: optional('timeout_ms', timeout_ms, COOKIEPAY_TIMEOUT_MS.parse),
    fullCancel: optional('full_cancel', full_cancel, COOKIEPAY_FULL_CANCEL.parse),
  }
  if (!isComplete(account)) return undefined
  const { timeoutMs, fullCancel, ...stated } = account
  return { ...stated, ...(timeoutMs !== null && { timeoutMs }), ...(fullCancel !== null && { fullCancel }) }
}

function isComplete<Members extends object>(
  members: Members,
): members is Members & { [Name in keyof Members]: Exclude<Members[Name], undefined> } {
  return !Object.values(members).includes(undefined)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The first two positions, counted from one, that hold the same text. */
function repeated(texts: readonly string[]): string | undefined {
  const second = texts.findIndex((text, index) => texts.indexOf(text) < index)
  return second < 0 ? undefined : `${texts.indexOf(texts[second] ?? '') + 1} and ${second + 1}`
}

const CERTIFICATES = {
  takes: 'one certificate or more in PEM, commonly by the path of their file',
  parse: (text: string, refuse: Refuse) => (hasCertificates(text) ? text : refuse('a text without one')),
}

const HOSTS_AND_PORTS = { takes: 'host:port, comma-separated', parse: parseHostPorts }

/** Every variable of the environment. A name that is not a path itself also works as NAME_FILE. */
export const VARIABLES = {
  HOST: { takes: 'a host name or an IP address', parse: parseHost, fallback: '127.0.0.1' },
  PORT: { ...integer(0, 65_535), fallback: '3000' },
  OPERATIONS_PORT: integer(0, 65_535),
  TLS_CERT: CERTIFICATES,
  TLS_KEY: {
    takes: 'a private key in PEM, not encrypted, commonly by the path of its file',
    parse: (text: string, refuse: Refuse) => (isPrivateKey(text) ? text : refuse('a text without one')),
    isSecret: true,
  },
  TLS_CLIENT_CA: CERTIFICATES,
  LOG_LEVEL: { ...oneOf(LOG_LEVELS), fallback: 'info' },
  REDIS_URL: {
    takes:
      'redis://[user:password@]host[:port][/database] or the same with rediss:// (TLS), user and password percent-encoded',
    parse: parseRedisUrl,
    isSecret: true,
  },
  REDIS_CLUSTER_NODES: HOSTS_AND_PORTS,
  REDIS_SENTINELS: HOSTS_AND_PORTS,
  REDIS_SENTINEL_NAME: { takes: '1 to 100 visible ASCII characters', parse: matching(/^[!-~]{1,100}$/) },
  DATA_DIR: { takes: 'the path of a directory', parse: matching(/^.+$/), fallback: './data' },
  REDIS_DURABILITY: { ...oneOf(DURABILITIES), fallback: 'strict' },
  REDIS_MIN_REPLICAS: { ...integer(0, 10), fallback: '0' },
  REDIS_STORE_ID: { takes: 'a store id as /readyz shows it', parse: matching(/^[0-9a-f-]{36}$/) },
  STORE_MARK_FILE: { takes: 'the path of a file that the gateway may write', parse: matching(/^.+$/) },
  COOKIEPAY_BASE_URL: {
    takes: 'an http:// or https:// address without credentials, query and fragment',
    parse: parseBaseUrl,
  },
  COOKIEPAY_ID,
  COOKIEPAY_KEY: { ...COOKIEPAY_KEY, isSecret: true },
  COOKIEPAY_PG,
  COOKIEPAY_ACCOUNTS_FILE: {
    takes:
      'the path of a JSON array [{"name", "id", "key", "pg"}], names of 1 to 30 of a-z, 0-9, _ and -, each name and each id once; optional members "timeout_ms" and "full_cancel"',
    parse: parseAccounts,
    isPath: true,
  },
  COOKIEPAY_CONNECT_TIMEOUT_MS: { ...milliseconds(), fallback: '3000' },
  COOKIEPAY_TIMEOUT_MS,
  COOKIEPAY_AMBIGUOUS_CODES: JUDGED_CODES,
  COOKIEPAY_DECLINED_CODES: JUDGED_CODES,
  COOKIEPAY_FULL_CANCEL: { ...COOKIEPAY_FULL_CANCEL, fallback: 'with_amount' },
  API_KEYS: {
    takes:
      'caller:sha256-hex-of-key:scope+scope, comma-separated, each key once (see npm run keygen); caller:cert:scope+scope for a caller that is known by its client certificate',
    parse: parseApiKeys,
    isSecret: true,
  },
  STORE_SECRETS: {
    takes: 'base64 of 32 bytes or more, comma-separated, newest first',
    parse: listOf(parseStoreSecret),
    isSecret: true,
  },
  RATE_LIMIT_MAX: { ...integer(1, 1_000_000_000), fallback: '1000' },
  RATE_LIMIT_WINDOW_MS: { ...milliseconds(), fallback: '10000' },
  IDEMPOTENCY_RETENTION_HOURS: { ...longDuration('hours', HOUR_MS), fallback: '168' },
  LEDGER_RETENTION_DAYS: { ...longDuration('days', DAY_MS), fallback: '400' },
  RESOLVE_FAILED_AFTER_MS: { ...integer(SHORTEST_MS, 7 * DAY_MS, ' (milliseconds)'), fallback: '600000' },
  RECONCILE_INTERVAL_MS: { ...milliseconds(), fallback: '15000' },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    takes:
      'the http:// or https:// address of an OTLP/HTTP endpoint, without credentials, query and fragment',
    parse: parseBaseUrl,
  },
} as const satisfies Record<string, Variable>

type Name = keyof typeof VARIABLES
type ValueOf<V extends Variable> =
  | Exclude<ReturnType<V['parse']>, undefined>
  | (V extends { fallback: string } ? never : undefined)
type Values = { [N in Name]: ValueOf<(typeof VARIABLES)[N]> }

/**
 * Reads the service's configuration from environment variables, and from the files that NAME_FILE variables
 * point at. An empty variable counts as unset. The result is frozen throughout, save its Buffers.
 * Throws a `ConfigError` that lists all mistakes, secrets hidden.
 */
export function readConfig(env: Environment): Config {
  const mistakes: string[] = []
  const values = readValues(Object.keys(VARIABLES) as Name[], env, mistakes)
  mistakes.push(...contradictions(env, values))
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return deepFreeze(assemble(values as Values))
}

/**
 * One line for each variable, as it is in effect: its value, where it was given and, of what is secret, only what it
 * is about.
 */
export function describeSettings(env: Environment, config: Config): readonly string[] {
  return Object.entries<Variable>(VARIABLES).map(([name, variable]) => {
    const path = env[pathNameOf(name, variable)]
    const stated = variable.isPath ? undefined : env[name]
    const origin = path ? ` (from ${variable.isSecret ? 'a file' : shown(path)})` : stated ? '' : ' (default)'
    const value = stated || variable.fallback
    const isGiven = Boolean(stated || path)
    const told = ABOUT[name]?.(config, isGiven) ?? (path || variable.isSecret ? undefined : value)
    return `${name.padEnd(28)} ${told || (isGiven ? 'set' : 'not set')}${told || isGiven ? origin : ''}`
  })
}

/** What is told of secrets, and of lists of them. */
const ABOUT: Readonly<Record<string, (config: Config, isGiven: boolean) => string | undefined>> = {
  REDIS_URL: ({ redis }) => ('url' in redis && redis.url ? withoutPassword(redis.url) : undefined),
  COOKIEPAY_ACCOUNTS_FILE: ({ accounts }, isGiven) =>
    isGiven ? accounts.map(({ name, id, pg }) => `${name} (${id}, ${pg})`).join(', ') : undefined,
  API_KEYS: ({ apiKeys }) =>
    apiKeys
      ?.map(
        ({ caller, sha256, scopes }) => `${caller} (${sha256 ? 'key' : 'certificate'}: ${scopes.join('+')})`,
      )
      .join(', ') ?? 'open to everybody on this machine',
  COOKIEPAY_BASE_URL: ({ cookiepay }, isGiven) => (isGiven ? undefined : cookiepay.baseUrl),
  COOKIEPAY_TIMEOUT_MS: ({ accounts }, isGiven) =>
    isGiven ? undefined : accounts.map(({ name, timeoutMs }) => `${timeoutMs} for ${name}`).join(', '),
  STORE_SECRETS: ({ storeSecrets }) =>
    storeSecrets[0] === DEVELOPMENT_STORE_SECRET
      ? 'the one for development'
      : `${storeSecrets.length} of them, newest first`,
}

function withoutPassword(text: string): string {
  const url = new URL(text)
  if (url.password !== '') url.password = 'hidden'
  return url.href
}

/** What may change while the gateway runs. Each part is read, and can be wrong, by itself. */
export type RotatingPart = 'apiKeys' | 'accounts' | 'tls' | 'redis'

const ROTATING: Readonly<Record<RotatingPart, readonly Name[]>> = {
  apiKeys: ['API_KEYS'],
  accounts: [
    'COOKIEPAY_ACCOUNTS_FILE',
    'COOKIEPAY_ID',
    'COOKIEPAY_KEY',
    'COOKIEPAY_PG',
    'COOKIEPAY_TIMEOUT_MS',
    'COOKIEPAY_FULL_CANCEL',
  ],
  tls: ['TLS_CERT', 'TLS_KEY', 'TLS_CLIENT_CA'],
  redis: ['REDIS_URL', 'REDIS_CLUSTER_NODES', 'REDIS_SENTINELS', 'REDIS_SENTINEL_NAME', 'DATA_DIR'],
}

/** The files that a part is read from. */
export function filesOf(part: RotatingPart, env: Environment): readonly string[] {
  return ROTATING[part].flatMap((name) => env[pathNameOf(name, VARIABLES[name])] || [])
}

/** Reads one part again, as `readConfig` did. Throws a `ConfigError`. */
export function readPart<Part extends RotatingPart>(part: Part, env: Environment): Config[Part] {
  const mistakes: string[] = []
  const values = readValues(ROTATING[part], env, mistakes)
  const isGiven = givenIn(env)
  mistakes.push(
    ...{
      apiKeys: () => certificateContradictions(isGiven, values),
      accounts: () => accountContradictions(isGiven),
      tls: () => tlsContradictions(isGiven, values),
      redis: () => redisContradictions(isGiven),
    }[part](),
  )
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  const read = { apiKeys: apiKeysOf, accounts: accountsOf, tls: tlsOf, redis: redisTarget }[part]
  return deepFreeze(read(values)) as Config[Part]
}

/** The values of these variables; what is wrong with them is added to the mistakes. */
function readValues(names: readonly Name[], env: Environment, mistakes: string[]): Partial<Values> {
  const values: Record<string, unknown> = {}
  for (const name of names) {
    const variable: Variable = VARIABLES[name]
    const source = sourceOf(name, variable, env)
    if (source === undefined) continue
    if ('mistake' in source) {
      mistakes.push(source.mistake)
      continue
    }
    values[name] = variable.parse(source.text, (got) => {
      mistakes.push(`${source.name}: got ${got}; takes ${variable.takes}`)
      return undefined
    })
  }
  return values
}

/** The variable that holds the path of a file with the value of this one. */
function pathNameOf(name: string, variable: Variable): string {
  return variable.isPath ? name : `${name}_FILE`
}

type Source = Readonly<{ name: string; text: string } | { mistake: string }>

/** A variable's text and the name it was given by, its mistake, or undefined where it has neither. */
function sourceOf(name: string, variable: Variable, env: Environment): Source | undefined {
  const pathName = pathNameOf(name, variable)
  const text = variable.isPath ? undefined : env[name]
  const path = env[pathName]
  if (text && path) {
    return { mistake: `${pathName}: got a path while ${name} is set as well; takes the place of ${name}` }
  }
  if (path) return readSource(pathName, path, variable.isSecret ? HIDDEN : shown(path))
  const stated = text || variable.fallback
  return stated === undefined ? undefined : { name, text: stated }
}

function readSource(name: string, path: string, shownPath: string): Source {
  const takes = 'takes the path of a file that holds the value'
  try {
    const text = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    return text === '' ? { mistake: `${name}: got ${shownPath}, an empty file; ${takes}` } : { name, text }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code
    return { mistake: `${name}: got ${shownPath}, which cannot be read (${reason}); ${takes}` }
  }
}

/** What is wrong between variables that are each in order by themselves. */
function contradictions(env: Environment, values: Partial<Values>): readonly string[] {
  const isGiven = givenIn(env)
  return [
    ...verificationContradictions(env),
    ...accountContradictions(isGiven),
    ...tlsContradictions(isGiven, values),
    ...certificateContradictions(isGiven, values),
    ...redisContradictions(isGiven),
    ...exposureContradictions(isGiven, values.HOST),
    ...retentionContradictions(values),
    ...codeContradictions(values),
  ]
}

type IsGiven = (name: Name) => boolean

function givenIn(env: Environment): IsGiven {
  return (name) => Boolean(env[name] || env[pathNameOf(name, VARIABLES[name])])
}

/** Read by Node.js itself: it would make every connection to the provider and to Redis one to anybody. */
function verificationContradictions(env: Environment): readonly string[] {
  if (env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return []
  return [
    'NODE_TLS_REJECT_UNAUTHORIZED: got "0", which turns off the verification of TLS; takes nothing: name an authority of your own in NODE_EXTRA_CA_CERTS instead',
  ]
}

function tlsContradictions(isGiven: IsGiven, values: Partial<Values>): readonly string[] {
  const given = (['TLS_CERT', 'TLS_KEY', 'TLS_CLIENT_CA'] as const).find(isGiven)
  if (given === undefined) return []
  const missing = (['TLS_CERT', 'TLS_KEY'] as const).filter((name) => !isGiven(name))
  const { TLS_CERT: certificate, TLS_KEY: key } = values
  const isPair = certificate === undefined || key === undefined || keyFits(certificate, key)
  return [
    ...missing.map((name) => `${name}: got nothing; takes ${VARIABLES[name].takes} (goes with ${given})`),
    ...(isPair ? [] : ['TLS_KEY: got a key of another certificate; takes the one that goes with TLS_CERT']),
  ]
}

function certificateContradictions(isGiven: IsGiven, values: Partial<Values>): readonly string[] {
  const needsCertificates = values.API_KEYS?.some(({ sha256 }) => sha256 === null)
  if (!needsCertificates || isGiven('TLS_CLIENT_CA')) return []
  return [
    'API_KEYS: got an entry with cert while TLS_CLIENT_CA is not set; takes such entries only where clients show certificates',
  ]
}

function accountContradictions(isGiven: IsGiven): readonly string[] {
  const single = ['COOKIEPAY_ID', 'COOKIEPAY_KEY', 'COOKIEPAY_PG'] as const
  if (!isGiven('COOKIEPAY_ACCOUNTS_FILE')) {
    return single
      .filter((name) => !isGiven(name))
      .map((name) => `${name}: got nothing; takes ${VARIABLES[name].takes} (or set COOKIEPAY_ACCOUNTS_FILE)`)
  }
  return single
    .filter(isGiven)
    .map(
      (name) =>
        `${name}: got a value beside COOKIEPAY_ACCOUNTS_FILE; takes nothing then: set one or the other`,
    )
}

function redisContradictions(isGiven: IsGiven): readonly string[] {
  const pair = ['REDIS_SENTINELS', 'REDIS_SENTINEL_NAME'] as const
  if (!pair.some(isGiven)) return []
  return [
    ...pair
      .filter((name) => !isGiven(name))
      .map(
        (name) => `${name}: got nothing; takes ${VARIABLES[name].takes} (goes with ${pair.find(isGiven)})`,
      ),
    ...(isGiven('REDIS_CLUSTER_NODES')
      ? ['REDIS_CLUSTER_NODES: got nodes beside sentinels; takes nothing then: set one or the other']
      : []),
  ]
}

function exposureContradictions(isGiven: IsGiven, host: string | undefined): readonly string[] {
  if (host === undefined || isLoopback(host)) return []
  return (['API_KEYS', 'STORE_SECRETS', 'COOKIEPAY_BASE_URL'] as const)
    .filter((name) => !isGiven(name))
    .map(
      (name) =>
        `${name}: got nothing while HOST is ${shown(host)}, which is no loopback address; takes ${VARIABLES[name].takes}`,
    )
}

/** A ledger that is forgotten while callers may still ask again lets a payment be refunded beyond its amount. */
const SHORTEST_LEDGER_MS = 30 * DAY_MS

function retentionContradictions(values: Partial<Values>): readonly string[] {
  const { IDEMPOTENCY_RETENTION_HOURS: keysMs, LEDGER_RETENTION_DAYS: ledgersMs } = values
  if (keysMs === undefined || ledgersMs === undefined) return []
  const got = `LEDGER_RETENTION_DAYS: got ${ledgersMs / DAY_MS} days; takes no less than`
  if (ledgersMs < SHORTEST_LEDGER_MS) return [`${got} ${SHORTEST_LEDGER_MS / DAY_MS} days`]
  if (ledgersMs < keysMs) return [`${got} IDEMPOTENCY_RETENTION_HOURS, which is ${keysMs / DAY_MS} days`]
  return []
}

function codeContradictions(values: Partial<Values>): readonly string[] {
  const ambiguous = values.COOKIEPAY_AMBIGUOUS_CODES ?? []
  return (values.COOKIEPAY_DECLINED_CODES ?? [])
    .filter((declined) => ambiguous.some(({ pg, code }) => pg === declined.pg && code === declined.code))
    .map(
      ({ pg, code }) =>
        `COOKIEPAY_DECLINED_CODES: got ${shown(pg === null ? code : `${pg}:${code}`)}, which COOKIEPAY_AMBIGUOUS_CODES has too; takes codes that leave nothing open`,
    )
}

/** Whether only this machine can reach, or be, this host. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

function assemble(values: Values): Config {
  return {
    host: values.HOST,
    port: values.PORT,
    operationsPort: values.OPERATIONS_PORT ?? null,
    tls: tlsOf(values),
    logLevel: values.LOG_LEVEL,
    redis: redisTarget(values),
    redisDurability: values.REDIS_DURABILITY,
    redisMinReplicas: values.REDIS_MIN_REPLICAS,
    redisStoreId: values.REDIS_STORE_ID ?? null,
    storeMarkFile: markFileOf(values),
    cookiepay: {
      baseUrl: values.COOKIEPAY_BASE_URL ?? SANDBOX_BASE_URL,
      connectTimeoutMs: values.COOKIEPAY_CONNECT_TIMEOUT_MS,
      ambiguousCodes: values.COOKIEPAY_AMBIGUOUS_CODES ?? [],
      declinedCodes: values.COOKIEPAY_DECLINED_CODES ?? [],
    },
    accounts: accountsOf(values),
    apiKeys: apiKeysOf(values),
    storeSecrets: values.STORE_SECRETS ?? [DEVELOPMENT_STORE_SECRET],
    rateLimit: { max: values.RATE_LIMIT_MAX, windowMs: values.RATE_LIMIT_WINDOW_MS },
    idempotencyRetentionMs: values.IDEMPOTENCY_RETENTION_HOURS,
    ledgerRetentionMs: values.LEDGER_RETENTION_DAYS,
    resolveFailedAfterMs: values.RESOLVE_FAILED_AFTER_MS,
    reconcileIntervalMs: values.RECONCILE_INTERVAL_MS,
    otlpEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
  }
}

function redisTarget(values: Partial<Values>): RedisTarget {
  const { REDIS_URL: url, REDIS_CLUSTER_NODES: nodes, REDIS_SENTINELS: sentinels } = values
  const login = url === undefined ? {} : { url }
  if (nodes !== undefined) return { kind: 'cluster', nodes, ...login }
  const name = values.REDIS_SENTINEL_NAME
  if (sentinels !== undefined && name !== undefined) return { kind: 'sentinel', sentinels, name, ...login }
  if (url !== undefined) return { kind: 'url', url }
  if (values.DATA_DIR === undefined) throw new Error('bug: no DATA_DIR')
  return { kind: 'private', dataDir: values.DATA_DIR }
}

/** The provider's sandbox, for a gateway that only this machine can reach; elsewhere it must be said. */
const SANDBOX_BASE_URL = 'https://sandbox.cookiepayments.com'

const MARK_FILE_NAME = 'store-mark.json'

/** A private Redis has its mark beside its data. */
function markFileOf(values: Values): string | null {
  const redis = redisTarget(values)
  return values.STORE_MARK_FILE ?? (redis.kind === 'private' ? join(redis.dataDir, MARK_FILE_NAME) : null)
}

function apiKeysOf(values: Partial<Values>): Config['apiKeys'] {
  return values.API_KEYS ?? null
}

function accountsOf(values: Partial<Values>): Config['accounts'] {
  return statedAccounts(values).map((stated) => ({
    ...stated,
    timeoutMs:
      stated.timeoutMs ?? values.COOKIEPAY_TIMEOUT_MS ?? DEFAULT_TIMEOUTS_MS[stated.pg] ?? DEFAULT_TIMEOUT_MS,
    fullCancel: stated.fullCancel ?? values.COOKIEPAY_FULL_CANCEL ?? 'with_amount',
  }))
}

/** The longest that one call may take with any of these accounts. */
export function longestTimeoutMs(accounts: readonly Account[]): number {
  return Math.max(...accounts.map(({ timeoutMs }) => timeoutMs))
}

function statedAccounts(values: Partial<Values>): readonly StatedAccount[] {
  const { COOKIEPAY_ACCOUNTS_FILE: accounts } = values
  const { COOKIEPAY_ID: id, COOKIEPAY_KEY: key, COOKIEPAY_PG: pg } = values
  if (accounts !== undefined) return accounts
  if (id === undefined || key === undefined || pg === undefined) throw new Error('bug: no account')
  return [{ name: 'default', id, key, pg }]
}

function tlsOf(values: Partial<Values>): Config['tls'] {
  const { TLS_CERT: certificate, TLS_KEY: key, TLS_CLIENT_CA: authority } = values
  if (certificate === undefined || key === undefined) return null
  return { certificate, key, clientAuthority: authority ?? null }
}

function deepFreeze<Value>(value: Value): Value {
  // A Buffer's bytes cannot be frozen: Object.freeze throws on views that hold elements.
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}
