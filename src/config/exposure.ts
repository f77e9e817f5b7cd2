import type { Config } from './config.ts'
import { isLoopback } from './loopback.ts'
import { shown } from './mistakes.ts'
import { VARIABLES } from './variables.ts'

const NEEDED_WHERE_EXPOSED = ['API_KEYS', 'STORE_SECRETS', 'COOKIEPAY_BASE_URL'] as const

/**
 * What is refused where others than this machine could reach the service: keys for nobody, a secret that everybody
 * knows, a provider that nobody named. One line for each.
 */
export function exposureContradictions(
  isGiven: (name: (typeof NEEDED_WHERE_EXPOSED)[number]) => boolean,
  host: string | undefined,
): readonly string[] {
  if (host === undefined || isLoopback(host)) return []
  return NEEDED_WHERE_EXPOSED.filter((name) => !isGiven(name)).map(
    (name) =>
      `${name}: got nothing while HOST is ${shown(host)}, which is no loopback address; takes ${VARIABLES[name].takes}`,
  )
}

/** A setting that is taken, and that exposes somebody to something. `detail` follows "is", or a colon. */
export type ExposureWarning = Readonly<{ variable: string; detail: string }>

/** What the start and `check-config` warn of. None of it is refused: there are good reasons for each. */
export function exposureWarnings(config: Config): readonly ExposureWarning[] {
  return [
    ...clearTextToCallers(config),
    ...clearTextToProvider(config),
    ...lossByFailover(config),
    ...limitsOfNobody(config),
    ...eventsOfNobody(config),
  ]
}

/** Something in front of the gateway may end TLS. */
function clearTextToCallers({ host, tls }: Config): readonly ExposureWarning[] {
  if (tls !== null || isLoopback(host)) return []
  const detail = `${host} without TLS: callers and their keys are in clear text, unless something in front of it ends TLS`
  return [{ variable: 'HOST', detail }]
}

/** Sandboxes have no TLS. */
function clearTextToProvider({ cookiepay }: Config): readonly ExposureWarning[] {
  const { protocol, hostname } = new URL(cookiepay.baseUrl)
  if (protocol !== 'http:' || isLoopback(hostname.replace(/^\[|\]$/g, ''))) return []
  const detail = 'http: keys, tokens and account numbers cross the network in clear text'
  return [{ variable: 'COOKIEPAY_BASE_URL', detail }]
}

/** A Redis that fails over may have no replica at the moment. */
function lossByFailover({ redis, redisMinReplicas }: Config): readonly ExposureWarning[] {
  if ((redis.kind !== 'cluster' && redis.kind !== 'sentinel') || redisMinReplicas > 0) return []
  const detail = '0: a failover of Redis can lose refunds that were acknowledged'
  return [{ variable: 'REDIS_MIN_REPLICAS', detail }]
}

/** A name that is misspelled leaves its caller without limits. Keys may be removed before the limits of their caller. */
function limitsOfNobody({ apiKeys, callerLimits }: Config): readonly ExposureWarning[] {
  if (apiKeys === null) return []
  const callers = new Set(apiKeys.map(({ caller }) => caller))
  return callerLimits
    .filter(({ caller }) => !callers.has(caller))
    .map(({ caller }) => ({
      variable: 'CALLER_LIMITS',
      detail: `of a caller ${shown(caller)}, whom no entry of API_KEYS names: its limits hold for nobody`,
    }))
}

/** Its endpoint waits for events that never come. */
function eventsOfNobody({ apiKeys, eventEndpoints }: Config): readonly ExposureWarning[] {
  if (apiKeys === null) return []
  const known = new Set(apiKeys.map(({ caller }) => caller))
  return eventEndpoints.flatMap(({ name, callers }) =>
    (callers ?? [])
      .filter((caller) => !known.has(caller))
      .map((caller) => ({
        variable: 'EVENT_ENDPOINTS',
        detail: `for ${name} of a caller ${shown(caller)}, whom no entry of API_KEYS names: nothing of it is sent`,
      })),
  )
}
