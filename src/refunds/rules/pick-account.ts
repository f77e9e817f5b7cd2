import type { MerchantAccount } from '../merchant.ts'

/** The account that a request means: the one that it names, or the only one. Undefined: none. */
export function pickAccount(
  accounts: ReadonlyMap<string, MerchantAccount>,
  name: string | undefined,
): MerchantAccount | undefined {
  if (name !== undefined) return accounts.get(name)
  return accounts.size === 1 ? [...accounts.values()][0] : undefined
}

/** Why no account is meant: none of this name is configured, or none is named where there are several. */
export function noSuchAccount(name: string | undefined, configured: Iterable<string>): string {
  const names = [...configured].join(', ')
  return name === undefined
    ? `There are several accounts: give account as one of ${names}.`
    : `There is no account of this name. The configured ones are ${names}.`
}
