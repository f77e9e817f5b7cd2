import type { Config, EventEndpoint, LimitedCaller } from './config.ts'
import { DEVELOPMENT_STORE_SECRET } from './defaults.ts'
import { shown } from './mistakes.ts'
import { type Environment, pathNameOf, VARIABLES, type Variable } from './variables.ts'

/**
 * One line for each variable: the value that is in effect, and where it was given. A secret only shows what
 * it is about.
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
  CALLER_LIMITS: ({ callerLimits }) => callerLimits.map(toldLimits).join(', '),
  EVENT_ENDPOINTS: ({ eventEndpoints }) => eventEndpoints.map(toldEndpoint).join(', '),
  COOKIEPAY_BASE_URL: ({ cookiepay }, isGiven) => (isGiven ? undefined : cookiepay.baseUrl),
  COOKIEPAY_TIMEOUT_MS: ({ accounts }, isGiven) =>
    isGiven ? undefined : accounts.map(({ name, timeoutMs }) => `${timeoutMs} for ${name}`).join(', '),
  COOKIEPAY_PAYMENT_SPACING_MS: ({ accounts }, isGiven) =>
    isGiven ? undefined : accounts.map(({ name, spacingMs }) => `${spacingMs} for ${name}`).join(', '),
  NOTIFICATION_SECRETS: ({ notificationSecrets }, isGiven) =>
    isGiven ? `${notificationSecrets.length} of them` : undefined,
  STORE_SECRETS: ({ storeSecrets }) =>
    storeSecrets[0] === DEVELOPMENT_STORE_SECRET
      ? 'the one for development'
      : `${storeSecrets.length} of them, newest first`,
}

function toldLimits({ caller, limits }: LimitedCaller): string {
  const told = Object.entries(limits).map(([name, max]) => `${name} ${max}`)
  return `${caller} (${told.join(', ') || 'no limit'})`
}

/** The path of a URL may be a secret as much as its query. */
function toldEndpoint({ name, url, events, callers }: EventEndpoint): string {
  const told = [new URL(url).origin, events?.join(' ') ?? 'all events']
  if (callers !== null) told.push(`of ${callers.join(' ')}`)
  return `${name} (${told.join('; ')})`
}

function withoutPassword(text: string): string {
  const url = new URL(text)
  if (url.password !== '') url.password = 'hidden'
  return url.href
}
