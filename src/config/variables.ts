import { PAYMENT_LOOKUPS } from './config.ts'
import {
  DEFAULT_SPACINGS_MS,
  DEFAULT_TIMEOUT_MS,
  DEFAULT_TIMEOUTS_MS,
  MARK_FILE_NAME,
  SANDBOX_BASE_URL,
} from './defaults.ts'
import { EVENT_ENDPOINTS_TAKE, parseEventEndpoints } from './event-endpoints.ts'
import {
  ACCOUNT_ID,
  ACCOUNT_KEY,
  CALL_TIMEOUT,
  CERTIFICATES,
  DAY_MS,
  FULL_CANCEL,
  HOSTS_AND_PORTS,
  HOUR_MS,
  integer,
  JUDGED_CODES,
  listOf,
  longDuration,
  matching,
  milliseconds,
  oneOf,
  type Parse,
  PG,
  PRIVATE_KEY,
  parseAccounts,
  parseApiKeys,
  parseBaseUrl,
  parseCallerLimits,
  parseHost,
  parseNotificationSecret,
  parseRedisUrl,
  parseStoreSecret,
  SECONDS_OR_NONE,
  SHORTEST_MS,
  SPACING,
  TIME_OF_DAY,
} from './parsers.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type Variable = Readonly<{
  /** What the variable takes, to end a sentence with. */
  takes: string
  parse: Parse<unknown>
  /** What it is for: one or two sentences in Markdown, for the documents' tables. */
  meaning: string
  /** Stands in for an unset variable. */
  fallback?: string
  /** What holds where the variable is unset and has no fallback, in Markdown; absent: nothing does. */
  unset?: string
  /** Neither the value nor, lest it be the value by mistake, the path in NAME_FILE is shown. */
  isSecret?: true
  /** The variable is a path itself, and its value the content of that file. */
  isPath?: true
}>

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const DURABILITIES = ['strict', 'relaxed'] as const

/**
 * Every variable of the environment. A name that is not a path itself also works as NAME_FILE. The documents'
 * tables are made from this, and `.env.example` is held to it.
 */
export const VARIABLES = {
  HOST: {
    takes: 'a host name or an IP address',
    parse: parseHost,
    fallback: '127.0.0.1',
    meaning:
      'The address to listen on. Anything but a loopback address requires `API_KEYS`, `STORE_SECRETS` and `COOKIEPAY_BASE_URL`.',
  },
  PORT: { ...integer(0, 65_535), fallback: '3000', meaning: 'The port to listen on; 0 takes a free one.' },
  OPERATIONS_PORT: {
    ...integer(0, 65_535),
    meaning:
      'A second port, in plain HTTP, for `/healthz`, `/readyz` and `/metrics` alone. It is for probes, which show no certificate.',
  },
  TLS_CERT: {
    ...CERTIFICATES,
    meaning:
      'The certificate of the listener in PEM, with the chain behind it. Unset, the listener speaks plain HTTP.',
  },
  TLS_KEY: {
    ...PRIVATE_KEY,
    isSecret: true,
    meaning: 'The private key that goes with `TLS_CERT`, in PEM and not encrypted.',
  },
  TLS_CLIENT_CA: {
    ...CERTIFICATES,
    meaning: 'Only clients with a certificate of this authority are let in. It goes with `TLS_CERT`.',
  },
  LOG_LEVEL: { ...oneOf(LOG_LEVELS), fallback: 'info', meaning: 'The lowest level that is logged.' },
  REDIS_URL: {
    takes:
      'redis://[user:password@]host[:port][/database] or the same with rediss:// (TLS), user and password percent-encoded',
    parse: parseRedisUrl,
    isSecret: true,
    unset: 'a private `redis-server`',
    meaning:
      'The Redis that keeps the refunds. Beside `REDIS_CLUSTER_NODES` or `REDIS_SENTINELS` it only lends its user name, password and TLS, to the sentinels too.',
  },
  REDIS_CLUSTER_NODES: {
    ...HOSTS_AND_PORTS,
    meaning: 'Some nodes of a Redis Cluster, by which the others are found.',
  },
  REDIS_SENTINELS: {
    ...HOSTS_AND_PORTS,
    meaning: 'The sentinels that know where the primary of `REDIS_SENTINEL_NAME` is.',
  },
  REDIS_SENTINEL_NAME: {
    takes: '1 to 100 visible ASCII characters',
    parse: matching(/^[!-~]{1,100}$/),
    meaning: 'What the sentinels call the primary. It goes with `REDIS_SENTINELS`.',
  },
  DATA_DIR: {
    takes: 'the path of a directory',
    parse: matching(/^.+$/),
    fallback: './data',
    meaning:
      'Where a private `redis-server` keeps its data. One gateway at a time may use it, and only without any other Redis.',
  },
  REDIS_DURABILITY: {
    ...oneOf(DURABILITIES),
    fallback: 'strict',
    meaning:
      '`strict`: no refunds are taken while Redis could lose what it acknowledged. `relaxed`: the gateway only warns of it.',
  },
  REDIS_MIN_REPLICAS: {
    ...integer(0, 10),
    fallback: '0',
    meaning:
      'How many replicas must have a write before it counts as stored. Where Redis can fail over, set it to the number of all replicas of a primary.',
  },
  REDIS_STORE_ID: {
    takes: "a store id, as redis-cli GET 'store-id:{0}' shows it",
    parse: matching(/^[0-9a-f-]{36}$/),
    meaning:
      "The id that the store must have, as `redis-cli GET 'store-id:{0}'` shows it. With it, a gateway that starts on a Redis which lost its data notices.",
  },
  STORE_MARK_FILE: {
    takes: 'the path of a file that the gateway may write',
    parse: matching(/^.+$/),
    unset: `with a private Redis \`${MARK_FILE_NAME}\` in \`DATA_DIR\`, else no file`,
    meaning:
      'A file outside of Redis that remembers how far the store had come. With it, a gateway that starts on a Redis with older data notices.',
  },
  COOKIEPAY_BASE_URL: {
    takes: 'an http:// or https:// address without credentials, query and fragment',
    parse: parseBaseUrl,
    unset: `on a loopback \`HOST\` \`${SANDBOX_BASE_URL}\``,
    meaning:
      'Where CookiePay is; required unless `HOST` is a loopback address. The live host is `https://www.cookiepayments.com`.',
  },
  COOKIEPAY_ID: { ...ACCOUNT_ID, meaning: "CookiePay's id of the only account, which is named `default`." },
  COOKIEPAY_KEY: { ...ACCOUNT_KEY, isSecret: true, meaning: "CookiePay's API key of the only account." },
  COOKIEPAY_PG: { ...PG, meaning: 'The payment gateway (PG) behind the only account.' },
  COOKIEPAY_ACCOUNTS_FILE: {
    takes:
      'the path of a JSON array [{"name", "id", "key", "pg"}], names of 1 to 30 of a-z, 0-9, _ and -, each name and each id once; optional members "timeout_ms", "spacing_ms" and "full_cancel"',
    parse: parseAccounts,
    isPath: true,
    meaning:
      'Several accounts in place of the only one: a JSON array `[{"name", "id", "key", "pg"}]`, no name and no id twice. Its optional members `timeout_ms`, `spacing_ms` and `full_cancel` win over the variables.',
  },
  COOKIEPAY_CONNECT_TIMEOUT_MS: {
    ...milliseconds(),
    fallback: '3000',
    meaning: 'How long a connection to CookiePay may take to be made.',
  },
  COOKIEPAY_TIMEOUT_MS: {
    ...CALL_TIMEOUT,
    unset: `\`${DEFAULT_TIMEOUT_MS}\`; ${Object.entries(DEFAULT_TIMEOUTS_MS)
      .map(([pg, timeoutMs]) => `\`${timeoutMs}\` with \`${pg}\``)
      .join(', ')}`,
    meaning:
      'The total time for one call to CookiePay. A cancel without an answer by then leaves its refund `unknown`.',
  },
  COOKIEPAY_AMBIGUOUS_CODES: {
    ...JUDGED_CODES,
    meaning:
      'Further `cancel_code`s, each alone or as `pg:code`, that leave the outcome of a cancel unknown.',
  },
  COOKIEPAY_DECLINED_CODES: {
    ...JUDGED_CODES,
    meaning: 'Further `cancel_code`s, each alone or as `pg:code`, that are a decline for certain.',
  },
  COOKIEPAY_FULL_CANCEL: {
    ...FULL_CANCEL,
    fallback: 'with_amount',
    meaning:
      '`without_amount`: a first refund of everything is sent without `amount`, for a PG that takes one with it for partial. CookiePay then cancels all that was paid, also where a caller stated less.',
  },
  COOKIEPAY_PAYMENT_SPACING_MS: {
    ...SPACING,
    unset: `${Object.entries(DEFAULT_SPACINGS_MS)
      .map(([pg, spacingMs]) => `\`${spacingMs}\` with \`${pg}\``)
      .join(', ')}; else \`0\``,
    meaning:
      'The shortest time between two cancels of one payment; 0: none is kept. A refund that comes sooner waits, up to 5 s.',
  },
  PAYMENT_LOOKUP: {
    ...oneOf(PAYMENT_LOOKUPS),
    fallback: 'off',
    meaning:
      "`verify`: before a payment's first refund its amount and method are looked up at CookiePay, and what contradicts `payment` is refused as `payment_mismatch`. `require`: what cannot be found out is refused, too, as `provider_unavailable`.",
  },
  API_KEYS: {
    takes:
      'caller:sha256-hex-of-key:scope+scope, comma-separated, each key once (see npm run keygen); caller:cert:scope+scope for a caller that is known by its client certificate',
    parse: parseApiKeys,
    isSecret: true,
    unset: 'open, on a loopback `HOST` only',
    meaning:
      'Who may call, and do what: `caller:sha256-hex-of-key:scope+scope`, comma-separated, as the command `keygen` prints it. `caller:cert:scope+scope` is a caller that is known by its client certificate.',
  },
  CALLER_LIMITS: {
    takes:
      'a JSON array [{"caller", "max_amount", "max_amount_per_day", "max_refunds_per_day"}], each caller once and each limit optional: an integer from 0 to 10^15',
    parse: parseCallerLimits,
    unset: 'no limits',
    meaning:
      'What callers may refund: a JSON array `[{"caller", "max_amount", "max_amount_per_day", "max_refunds_per_day"}]`, each limit optional. The last two are counted over all replicas, by days of Korea.',
  },
  STORE_SECRETS: {
    takes: 'base64 of 32 bytes or more, comma-separated, newest first',
    parse: listOf(parseStoreSecret),
    isSecret: true,
    unset: 'one for development, on a loopback `HOST` only',
    meaning:
      "Secrets for fingerprints and for the provider's token in Redis, newest first; older ones still verify. `openssl rand -base64 32` makes one.",
  },
  NOTIFICATION_SECRETS: {
    takes: '32 to 100 characters of A-Z, a-z, 0-9, _ and -, comma-separated',
    parse: listOf(parseNotificationSecret),
    isSecret: true,
    unset: 'no notifications are taken',
    meaning:
      "Secrets that end the path which CookiePay's notifications are sent to, `/cookiepay/notifications/{secret}`; each of them is taken. `openssl rand -hex 24` makes one.",
  },
  RATE_LIMIT_MAX: {
    ...integer(1, 1_000_000_000),
    fallback: '1000',
    meaning: 'How many requests a caller may make within the window, at each replica.',
  },
  RATE_LIMIT_WINDOW_MS: {
    ...milliseconds(),
    fallback: '10000',
    meaning: 'The window of `RATE_LIMIT_MAX`.',
  },
  IDEMPOTENCY_RETENTION_HOURS: {
    ...longDuration('hours', HOUR_MS),
    fallback: '168',
    meaning: 'How long an `Idempotency-Key` replays its refund.',
  },
  LEDGER_RETENTION_DAYS: {
    ...longDuration('days', DAY_MS),
    fallback: '400',
    meaning:
      "How long a payment's ledger is kept: 30 days or more, and not shorter than `IDEMPOTENCY_RETENTION_HOURS`.",
  },
  JOURNAL_RETENTION_DAYS: {
    ...longDuration('days', DAY_MS),
    fallback: '93',
    meaning:
      'How long refunds are listed by time, and events can be sent again; no longer than `LEDGER_RETENTION_DAYS`, whatever is set.',
  },
  RESOLVE_FAILED_AFTER_MS: {
    ...integer(SHORTEST_MS, 7 * DAY_MS, ' (milliseconds)'),
    fallback: '600000',
    meaning: 'How long a refund must have been unknown before a person may call it failed.',
  },
  DUPLICATE_WINDOW_SECONDS: {
    ...SECONDS_OR_NONE,
    fallback: '600',
    meaning:
      'For how long a partial refund without `reference` is refused that has the amount of a succeeded one. With 0 the rule is off, also beside an unknown one.',
  },
  RECONCILE_INTERVAL_MS: {
    ...milliseconds(),
    fallback: '15000',
    meaning: 'How often unsettled refunds are looked at. A 202 tells its caller to ask again after as long.',
  },
  EVENT_ENDPOINTS: {
    takes: EVENT_ENDPOINTS_TAKE,
    parse: parseEventEndpoints,
    isSecret: true,
    unset: 'no events',
    meaning:
      'Where changes of refunds are sent to: a JSON array `[{"name", "url", "secret", "events", "callers"}]`, the last two optional. An endpoint with `callers` gets the refunds of those alone, and gets them whole.',
  },
  RECONCILE_DAILY_AT: {
    ...TIME_OF_DAY,
    meaning:
      "From when on, by the clock of Korea, the refunds of the day before are held to CookiePay's lookups, such as `04:00`. One replica does it.",
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    takes:
      'the http:// or https:// address of an OTLP/HTTP endpoint, without credentials, query and fragment',
    parse: parseBaseUrl,
    meaning:
      'Where traces go, by OTLP over HTTP and without `/v1/traces`. Unset, nothing is traced; the other `OTEL_` variables work as OpenTelemetry has them.',
  },
} as const satisfies Record<string, Variable>

export type Name = keyof typeof VARIABLES
type ValueOf<V extends Variable> =
  | Exclude<ReturnType<V['parse']>, undefined>
  | (V extends { fallback: string } ? never : undefined)

/** What the variables say, each as its parser made it of the text. */
export type Values = { [N in Name]: ValueOf<(typeof VARIABLES)[N]> }

/** The variable that holds the path of a file with the value of this one. */
export function pathNameOf(name: string, variable: Variable): string {
  return variable.isPath ? name : `${name}_FILE`
}

/** What holds where the variable is unset, in Markdown: code for what could as well be written there. */
export function defaultOf({ fallback, unset }: Variable): string {
  return fallback === undefined ? (unset ?? 'unset') : `\`${fallback}\``
}
