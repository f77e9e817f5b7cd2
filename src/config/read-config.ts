import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config, RedisTarget, RotatingPart } from './config.ts'
import { contradictions, partContradictions } from './contradictions.ts'
import {
  DEFAULT_SPACINGS_MS,
  DEFAULT_TIMEOUT_MS,
  DEFAULT_TIMEOUTS_MS,
  DEVELOPMENT_STORE_SECRET,
  MARK_FILE_NAME,
  SANDBOX_BASE_URL,
} from './defaults.ts'
import { ConfigError, HIDDEN, shown } from './mistakes.ts'
import type { StatedAccount } from './parsers.ts'
import {
  type Environment,
  type Name,
  pathNameOf,
  VARIABLES,
  type Values,
  type Variable,
} from './variables.ts'

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

const ROTATING: Readonly<Record<RotatingPart, readonly Name[]>> = {
  apiKeys: ['API_KEYS'],
  callerLimits: ['CALLER_LIMITS'],
  eventEndpoints: ['EVENT_ENDPOINTS'],
  accounts: [
    'COOKIEPAY_ACCOUNTS_FILE',
    'COOKIEPAY_ID',
    'COOKIEPAY_KEY',
    'COOKIEPAY_PG',
    'COOKIEPAY_TIMEOUT_MS',
    'COOKIEPAY_FULL_CANCEL',
    'COOKIEPAY_PAYMENT_SPACING_MS',
  ],
  notificationSecrets: ['NOTIFICATION_SECRETS'],
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
  mistakes.push(...partContradictions(part, env, values))
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  const read = {
    apiKeys: apiKeysOf,
    callerLimits: callerLimitsOf,
    eventEndpoints: eventEndpointsOf,
    accounts: accountsOf,
    notificationSecrets: notificationSecretsOf,
    tls: tlsOf,
    redis: redisTarget,
  }[part]
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
    paymentLookup: values.PAYMENT_LOOKUP,
    accounts: accountsOf(values),
    apiKeys: apiKeysOf(values),
    callerLimits: callerLimitsOf(values),
    eventEndpoints: eventEndpointsOf(values),
    storeSecrets: values.STORE_SECRETS ?? [DEVELOPMENT_STORE_SECRET],
    notificationSecrets: notificationSecretsOf(values),
    rateLimit: { max: values.RATE_LIMIT_MAX, windowMs: values.RATE_LIMIT_WINDOW_MS },
    idempotencyRetentionMs: values.IDEMPOTENCY_RETENTION_HOURS,
    ledgerRetentionMs: values.LEDGER_RETENTION_DAYS,
    journalRetentionMs: values.JOURNAL_RETENTION_DAYS,
    resolveFailedAfterMs: values.RESOLVE_FAILED_AFTER_MS,
    reconcileIntervalMs: values.RECONCILE_INTERVAL_MS,
    reconcileDailyAtMinute: values.RECONCILE_DAILY_AT ?? null,
    duplicateWindowMs: values.DUPLICATE_WINDOW_SECONDS,
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

/** A private Redis has its mark beside its data. */
function markFileOf(values: Values): string | null {
  const redis = redisTarget(values)
  return values.STORE_MARK_FILE ?? (redis.kind === 'private' ? join(redis.dataDir, MARK_FILE_NAME) : null)
}

function apiKeysOf(values: Partial<Values>): Config['apiKeys'] {
  return values.API_KEYS ?? null
}

function callerLimitsOf(values: Partial<Values>): Config['callerLimits'] {
  return values.CALLER_LIMITS ?? []
}

function notificationSecretsOf(values: Partial<Values>): Config['notificationSecrets'] {
  return values.NOTIFICATION_SECRETS ?? []
}

function eventEndpointsOf(values: Partial<Values>): Config['eventEndpoints'] {
  return values.EVENT_ENDPOINTS ?? []
}

function accountsOf(values: Partial<Values>): Config['accounts'] {
  return statedAccounts(values).map((stated) => ({
    ...stated,
    timeoutMs:
      stated.timeoutMs ?? values.COOKIEPAY_TIMEOUT_MS ?? DEFAULT_TIMEOUTS_MS[stated.pg] ?? DEFAULT_TIMEOUT_MS,
    spacingMs: stated.spacingMs ?? values.COOKIEPAY_PAYMENT_SPACING_MS ?? DEFAULT_SPACINGS_MS[stated.pg] ?? 0,
    fullCancel: stated.fullCancel ?? values.COOKIEPAY_FULL_CANCEL ?? 'with_amount',
  }))
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
