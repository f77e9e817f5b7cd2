import { hash } from 'node:crypto'

/** An entry of API_KEYS for a key of this text. */
export function apiKey(
  caller: string,
  key: string,
  scopes = 'create+refund_account+read+read_all+resolve',
): string {
  return `${caller}:${hash('sha256', key)}:${scopes}`
}

export function bearer(key: string): { authorization: string } {
  return { authorization: `Bearer ${key}` }
}
