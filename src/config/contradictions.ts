import { keyFits } from './certificates.ts'
import type { RotatingPart } from './config.ts'
import { exposureContradictions } from './exposure.ts'
import { shown } from './mistakes.ts'
import { DAY_MS } from './parsers.ts'
import { type Environment, type Name, pathNameOf, VARIABLES, type Values } from './variables.ts'

/** What is wrong between variables that are each in order by themselves. */
export function contradictions(env: Environment, values: Partial<Values>): readonly string[] {
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

/** The same for what is read again while the gateway runs. */
export function partContradictions(
  part: RotatingPart,
  env: Environment,
  values: Partial<Values>,
): readonly string[] {
  const isGiven = givenIn(env)
  switch (part) {
    case 'apiKeys':
      return certificateContradictions(isGiven, values)
    case 'accounts':
      return accountContradictions(isGiven)
    case 'callerLimits':
    case 'notificationSecrets':
    case 'eventEndpoints':
      return []
    case 'tls':
      return tlsContradictions(isGiven, values)
    case 'redis':
      return redisContradictions(isGiven)
  }
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

/**
 * A ledger that is forgotten while callers may still ask again lets a payment be refunded beyond its amount.
 */
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
