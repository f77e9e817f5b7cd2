import { readCertificates } from '../config/certificates.ts'
import type { Account, Config } from '../config/config.ts'
import { describeSettings } from '../config/describe.ts'
import { isLoopback } from '../config/exposure.ts'
import { ConfigError, readConfig } from '../config/read-config.ts'
import { createCookiePay } from '../cookiepay/client.ts'
import type { TokenStore } from '../cookiepay/tokens.ts'
import { merchantOf } from '../refunds/merchant.ts'
import { connectRedis } from '../store/redis/connection.ts'
import { type Durability, watchDurability } from '../store/redis/durability.ts'
import { startPrivateRedis } from '../store/redis/private-redis.ts'
import { createStoreIdentity } from '../store/redis/store-identity.ts'

const REDIS_WAIT_MS = 5_000

/** Sooner than this an operator should hear of the end of a certificate. */
const EXPIRY_WARNING_MS = 14 * 24 * 3_600_000

/** One thing that was looked at, and what is wrong with it, in words. */
type Finding = Readonly<{ what: string; verdict: 'ok' | 'warning' | 'wrong'; detail: string }>

/**
 * Prints the configuration as it is in effect, secrets masked, then tries what it names: Redis and what it promises,
 * and a token call for each account. Changes nothing, and refunds nothing. Answers whether refunds would be taken.
 */
export async function checkConfig(
  env: Readonly<Record<string, string | undefined>>,
  print: (line: string) => void,
): Promise<boolean> {
  let config: Config
  try {
    config = readConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const mistake of error.mistakes) print(`wrong    ${mistake}`)
    return false
  }
  for (const line of describeSettings(env, config)) print(line)
  print('')
  const findings = [
    ...checkExposure(config),
    ...checkCertificate(config),
    await checkRedis(config),
    ...(await checkAccounts(config)),
  ]
  for (const { what, verdict, detail } of findings) print(`${verdict.padEnd(8)} ${what}: ${detail}`)
  return findings.every(({ verdict }) => verdict !== 'wrong')
}

function checkExposure({ host, tls, cookiepay }: Config): readonly Finding[] {
  const provider = new URL(cookiepay.baseUrl)
  const findings: Finding[] = []
  if (tls === null && !isLoopback(host)) {
    const detail = 'callers and their keys are in clear text, unless something in front of it ends TLS'
    findings.push({ what: 'HOST', verdict: 'warning', detail })
  }
  if (provider.protocol === 'http:' && !isLoopback(provider.hostname)) {
    const detail = 'http: keys, tokens and account numbers cross the network in clear text'
    findings.push({ what: 'COOKIEPAY_BASE_URL', verdict: 'warning', detail })
  }
  return findings
}

function checkCertificate({ tls }: Config): readonly Finding[] {
  const [certificate] = tls === null ? [] : readCertificates(tls.certificate)
  if (certificate === undefined) return []
  const leftMs = Date.parse(certificate.validTo) - Date.now()
  const until = `valid until ${new Date(certificate.validTo).toISOString()}`
  const verdict = leftMs < 0 ? 'wrong' : leftMs < EXPIRY_WARNING_MS ? 'warning' : 'ok'
  const detail =
    leftMs < 0 ? `expired: it was ${until}` : `${certificate.subject.replaceAll('\n', ', ')}, ${until}`
  return [{ what: 'TLS_CERT', verdict, detail }]
}

async function checkRedis(config: Config): Promise<Finding> {
  const found = await findDurability(config)
  const isStrict = config.redisDurability === 'strict'
  if (found.state === 'durable') {
    return { what: 'Redis', verdict: 'ok', detail: 'reachable, and an acknowledged write survives its crash' }
  }
  const reasons = found.reasons.join('; ')
  if (found.state === 'unavailable') {
    return { what: 'Redis', verdict: 'wrong', detail: `cannot be used: ${reasons}` }
  }
  const detail = `may lose what it acknowledged: ${reasons}`
  return isStrict
    ? { what: 'Redis', verdict: 'wrong', detail: `${detail}. Refunds would be refused` }
    : { what: 'Redis', verdict: 'warning', detail: `${detail}. REDIS_DURABILITY is relaxed` }
}

/** Asks as the gateway does, but leaves the store, and what it remembers of it, as they are. */
async function findDurability(config: Config): Promise<Durability> {
  let privateRedis: Awaited<ReturnType<typeof startPrivateRedis>> | null = null
  try {
    if (config.redis.kind === 'private') {
      privateRedis = await startPrivateRedis({ dataDir: config.redis.dataDir, onExit: () => {} })
    }
  } catch (error) {
    return { state: 'unavailable', reasons: [(error as Error).message] }
  }
  const redis = connectRedis(
    privateRedis === null
      ? (config.redis as Exclude<Config['redis'], { kind: 'private' }>)
      : { kind: 'socket', path: privateRedis.socketPath },
  )
  redis.on('error', () => {})
  const identity = createStoreIdentity(redis, {
    expectedId: config.redisStoreId,
    markFile: config.storeMarkFile,
    minReplicas: config.redisMinReplicas,
    storeSecrets: config.storeSecrets,
    isOpen: config.apiKeys === null,
    mayWrite: false,
    report: () => {},
  })
  const watch = watchDurability(redis, {
    identity,
    minReplicas: config.redisMinReplicas,
    onChange: () => {},
  })
  try {
    await new Promise<void>((resolve) => {
      redis.once('ready', resolve)
      setTimeout(resolve, REDIS_WAIT_MS).unref()
    })
    return await watch.check()
  } finally {
    watch.stop()
    redis.disconnect()
    await privateRedis?.stop()
  }
}

/** One account after the other, so that the answers are of that account alone. */
async function checkAccounts({ cookiepay, accounts }: Config): Promise<readonly Finding[]> {
  const provider = createCookiePay({ ...cookiepay, accounts, tokenStore: NO_TOKENS, onCall: () => {} })
  try {
    const findings: Finding[] = []
    for (const account of accounts) findings.push(await checkAccount(provider, account))
    return findings
  } finally {
    await provider.close()
  }
}

async function checkAccount(
  provider: ReturnType<typeof createCookiePay>,
  { name, id }: Account,
): Promise<Finding> {
  const authorization = await provider.authorize(merchantOf(id))
  return authorization.outcome === 'authorized'
    ? { what: `account ${name}`, verdict: 'ok', detail: 'the provider gave a token' }
    : { what: `account ${name}`, verdict: 'wrong', detail: authorization.detail }
}

/** So that the provider is really asked, and nothing is left behind. */
const NO_TOKENS: TokenStore = {
  read: async () => null,
  write: async () => {},
  lock: async () => true,
  unlock: async () => {},
}
