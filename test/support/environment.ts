import { ConfigError } from '../../src/config/mistakes.ts'
import { readConfig } from '../../src/config/read-config.ts'

/** The least that a configuration needs. */
export const ACCOUNT = { COOKIEPAY_ID: 'shop', COOKIEPAY_KEY: 'provider-key', COOKIEPAY_PG: 'toss' }
export const SECRET_32 = Buffer.alloc(32, 7).toString('base64')

/** The configuration of the account above and this environment. */
export const readWith = (env: Record<string, string> = {}) => readConfig({ ...ACCOUNT, ...env })

/** What is wrong with an environment, one line each; none where it is taken. */
export function mistakesOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    readConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes
    throw error
  }
}
