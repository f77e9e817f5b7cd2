import { readCertificates } from '../../config/certificates.ts'
import type { Account, Config } from '../../config/config.ts'
import { exposureWarnings } from '../../config/exposure.ts'
import { ConfigError } from '../../config/mistakes.ts'
import { readConfig } from '../../config/read-config.ts'
import { describeSettings } from '../../config/settings-in-effect.ts'
import { createCookiePay } from '../../cookiepay/client.ts'
import type { TokenStore } from '../../cookiepay/tokens.ts'
import { merchantOf } from '../../refunds/merchant.ts'
import { connectRedis } from '../../store/redis/connection.ts'
import type { Durability } from '../../store/redis/durability.ts'
import { type OwnRedis, startOwnRedis, targetOf, waitUntilReady } from '../../store/redis/open-redis.ts'
import { watchStore } from '../../store/redis/watch-store.ts'

/** Sooner than this an operator should hear of the end of a certificate. */
const EXPIRY_WARNING_MS = 14 * 24 * 3_600_000

/** One thing that was looked at, and what is wrong with it, in words. */
type Finding = Readonly<{ what: string; verdict: 'ok' | 'warning' | 'wrong'; detail: string }>

/**
 * Prints the configuration as it is in effect, secrets masked. Then it tries what that names: Redis and what
 * it promises, and a token call for each account. Changes nothing, and refunds nothing. Answers whether
 * refunds would be taken.
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

function checkExposure(config: Config): readonly Finding[] {
  return exposureWarnings(config).map(({ variable, detail }) => ({
    what: variable,
    verdict: 'warning',
    detail,
  }))
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
  let privateRedis: OwnRedis | null
  try {
    privateRedis = await startOwnRedis(config.redis)
  } catch (error) {
    return { state: 'unavailable', reasons: [(error as Error).message] }
  }
  const redis = connectRedis(targetOf(config.redis, privateRedis?.socketPath))
  redis.on('error', () => {})
  const { durability } = watchStore(redis, config, {
    mayWrite: false,
    report: () => {},
    onChange: () => {},
  })
  try {
    await waitUntilReady(redis)
    return await durability.check()
  } finally {
    durability.stop()
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
