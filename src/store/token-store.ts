import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto'
import type { Config } from '../config/config.ts'
import type { ProviderToken, TokenStore } from '../cookiepay/tokens.ts'
import { merchantOf } from '../refunds/merchant.ts'
import { keys } from './keys.ts'
import { deleteIfOwned } from './lua/delete-if-owned.ts'
import type { ScriptedClient } from './lua/scripts.ts'

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * The provider's tokens in Redis, shared by the replicas, encrypted with AES-256-GCM under a key derived
 * from the newest store secret. A token under an older secret still decrypts; one that was fetched for another
 * merchant, or with another key of it, does not.
 */
export function createTokenStore(
  redis: ScriptedClient,
  storeSecrets: readonly Buffer[],
  keyHolderOf: (merchant: string) => string,
): TokenStore {
  const encryptionKeys = storeSecrets.map((secret) =>
    Buffer.from(hkdfSync('sha256', secret, '', 'provider token', 32)),
  )

  return {
    async read(merchant) {
      const text = await redis.get(keys.token(merchant))
      return text === null ? null : decrypt(text, keyHolderOf(merchant), encryptionKeys)
    },

    async write(merchant, token) {
      const lifetimeMs = Math.floor(token.expiresAt - Date.now())
      if (lifetimeMs <= 0) return
      const text = encrypt(token, keyHolderOf(merchant), encryptionKeys[0] as Buffer)
      await redis.set(keys.token(merchant), text, 'PX', lifetimeMs)
    },

    async lock(merchant, owner, lockMs) {
      return (await redis.set(keys.tokenLock(merchant), `${owner} `, 'PX', lockMs, 'NX')) === 'OK'
    },

    async unlock(merchant, owner) {
      await deleteIfOwned(redis, { key: keys.tokenLock(merchant), token: owner })
    },
  }
}

/** Nonce, tag and ciphertext in base64; whose it is is authenticated with them. */
function encrypt(token: ProviderToken, holder: string, key: Buffer): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(holder))
  const ciphertext = Buffer.concat([cipher.update(JSON.stringify(token)), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString('base64')
}

/** The token, or null where none of the keys opens it: then a new one is fetched. */
function decrypt(text: string, holder: string, encryptionKeys: readonly Buffer[]): ProviderToken | null {
  const bytes = Buffer.from(text, 'base64')
  for (const key of encryptionKeys) {
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(holder))
        .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      const plain = Buffer.concat([
        decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)),
        decipher.final(),
      ])
      return JSON.parse(plain.toString()) as ProviderToken
    } catch {
      // Written under another secret.
    }
  }
  return null
}

/**
 * Whose token it is. One of another merchant, of another provider, or of a key that was replaced since is of
 * no use.
 */
export function keyHolderOf(
  merchant: string,
  { baseUrl, accounts }: Pick<Config, 'accounts'> & Pick<Config['cookiepay'], 'baseUrl'>,
): string {
  const { key } = accounts.find(({ id }) => merchantOf(id) === merchant) ?? {}
  return `${baseUrl} ${merchant} ${hash('sha256', key ?? '')}`
}
