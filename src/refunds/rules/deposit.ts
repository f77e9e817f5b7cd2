import type { MerchantAccount } from '../merchant.ts'
import type { StoredRefund } from '../stored-refund.ts'

/** Who asks for a deposit. */
export type DepositWish = Readonly<{
  by: string
  /** Whether callers are told from each other; an open gateway knows none. */
  areCallersKnown: boolean
}>

/** What the decision goes by beside the refund and who asks. */
export type DepositTerms = Readonly<{
  /** The account of the refund's merchant as it is configured now. */
  account: MerchantAccount | undefined
  /** By the store's clock, in milliseconds since 1970: replicas agree on it. */
  now: number
}>

/** `ask`: for the first time, or for another one. `asked`: the one that was asked for is still good. */
export type DepositDecision =
  | Readonly<{ decision: 'ask'; account: MerchantAccount }>
  | Readonly<{ decision: 'asked' }>
  | Readonly<{ decision: 'refused'; detail: string }>

/**
 * Whether this caller may ask the provider for an account to pay a deposit into (docs/calling.md, Deposits): of a
 * refund of a Kiwoompay account that failed for want of one, or whose last one has expired, and never of one that it
 * asked for itself.
 */
export function decideDeposit(
  stored: StoredRefund,
  { by, areCallersKnown }: DepositWish,
  { account, now }: DepositTerms,
): DepositDecision {
  const { refund } = stored
  const lacksDeposit =
    refund.status === 'failed' && refund.failure?.code === 'deposit_required' && !refund.disputed
  if (!lacksDeposit && refund.status !== 'awaiting_deposit') {
    const state = refund.disputed ? 'disputed' : refund.status
    return refused(`Only a refund that failed as deposit_required needs a deposit; this one is ${state}.`)
  }
  if (account === undefined) return refused('No account of its merchant is configured any more.')
  if (account.pg !== 'kiwoom') {
    return refused(`Only Kiwoompay takes a deposit; the account ${account.name} is ${account.pg}.`)
  }
  if (areCallersKnown && refund.requested_by === by) {
    return refused(
      `Who asked for a refund cannot ask for its deposit: ${by} did. Have another caller with the scope resolve do it.`,
    )
  }
  return lacksDeposit || isOver(stored, { account, now })
    ? { decision: 'ask', account }
    : { decision: 'asked' }
}

/**
 * Whether the last deposit can be paid no more, nor be asked for by a process that is still at it: a call at midnight
 * may bring an account of the next day.
 */
function isOver(
  { refund: { deposit } }: StoredRefund,
  { account, now }: Readonly<{ account: MerchantAccount; now: number }>,
): boolean {
  if (deposit === null) return true
  const lastSecond = Date.parse(deposit.expires_at)
  return now >= lastSecond + 1000 && now >= Date.parse(deposit.requested_at) + account.leaseMs
}

function refused(detail: string): DepositDecision {
  return { decision: 'refused', detail }
}
