import type { CallerLimits } from '../refunds/caller-limits.ts'
import type { EventType } from '../refunds/event-types.ts'
import type { PaymentGateway } from '../refunds/payment.ts'

/** What an API key may do. */
export const SCOPES = ['create', 'refund_account', 'read', 'read_all', 'resolve'] as const
export type Scope = (typeof SCOPES)[number]

/** The names that a caller can have. */
export const CALLER_PATTERN = /^[A-Za-z0-9_.-]{1,64}$/

/**
 * How a caller shows who it is: by a key, of which only the SHA-256 of its text is known. `sha256` null: by a
 * client certificate of the caller's name.
 */
export type ApiKey = Readonly<{ caller: string; sha256: Buffer | null; scopes: readonly Scope[] }>

/** What one caller may refund. */
export type LimitedCaller = Readonly<{ caller: string; limits: CallerLimits }>

/** Where events go. `secret`: `whsec_` and base64, as the Standard Webhooks specification has it. */
export type EventEndpoint = Readonly<{
  name: string
  url: string
  secret: string
  /** Null: all of them. */
  events: readonly EventType[] | null
  /** Whose refunds alone it gets, whole; null: everybody's, without account and metadata. */
  callers: readonly string[] | null
}>

/** PEM texts. `clientAuthority`: who signs the certificates that clients must show; null: they need none. */
export type TlsFiles = Readonly<{ certificate: string; key: string; clientAuthority: string | null }>

/** How a first refund of everything is sent: with its amount, or as a cancel without one. */
export const FULL_CANCELS = ['with_amount', 'without_amount'] as const
export type FullCancel = (typeof FULL_CANCELS)[number]

/** Whether a payment is looked up before its first refund, and whether it must be found then. */
export const PAYMENT_LOOKUPS = ['off', 'verify', 'require'] as const
export type PaymentLookupMode = (typeof PAYMENT_LOOKUPS)[number]

/** A contract with CookiePay: `id` and `key` are the provider's `pay2_id` and `pay2_key`. */
export type Account = Readonly<{
  name: string
  id: string
  key: string
  pg: PaymentGateway
  /** The total for one call. */
  timeoutMs: number
  fullCancel: FullCancel
  /** Shortest time between two cancels of one payment; 0: none is kept. */
  spacingMs: number
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
  paymentLookup: PaymentLookupMode
  accounts: readonly Account[]
  /** Null: the service is open, which only a loopback host may be. */
  apiKeys: readonly ApiKey[] | null
  /** Each caller once; who is not there has no limits. */
  callerLimits: readonly LimitedCaller[]
  /** Each name once. */
  eventEndpoints: readonly EventEndpoint[]
  /** Newest first, at least one. */
  storeSecrets: readonly Buffer[]
  /** Each is taken; none: no notifications are. */
  notificationSecrets: readonly string[]
  rateLimit: Readonly<{ max: number; windowMs: number }>
  idempotencyRetentionMs: number
  ledgerRetentionMs: number
  journalRetentionMs: number
  reconcileIntervalMs: number
  /** From when on the day before is reconciled, in minutes after midnight in Korea; null: by nobody. */
  reconcileDailyAtMinute: number | null
  /** For how long a succeeded refund counts against one of the same amount; 0: the rule is off. */
  duplicateWindowMs: number
  /** How long a refund must have been unknown before a person may call it failed. */
  resolveFailedAfterMs: number
  /** Where traces go, without the path of the signal; null: nowhere, and nothing is traced. */
  otlpEndpoint: string | null
}>

/** What may change while the gateway runs. Each part is read, and can be wrong, by itself. */
export type RotatingPart =
  | 'apiKeys'
  | 'callerLimits'
  | 'eventEndpoints'
  | 'accounts'
  | 'notificationSecrets'
  | 'tls'
  | 'redis'

/** The longest that one call may take with any of these accounts. */
export function longestTimeoutMs(accounts: readonly Account[]): number {
  return Math.max(...accounts.map(({ timeoutMs }) => timeoutMs))
}

/**
 * How many whole seconds the caller of an unsettled refund waits before it asks again: by then it was looked
 * at.
 */
export function unsettledRetryAfterSeconds({ reconcileIntervalMs }: Config): number {
  return Math.ceil(reconcileIntervalMs / 1000)
}
