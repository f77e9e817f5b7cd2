// The rules by which a refund may be settled by hand, as docs/calling.md has them under Resolving. The gateway decides;
// here they are said before anybody presses anything.

export function isOpen({ status, disputed }) {
  return status === 'unknown' || status === 'awaiting_deposit' || disputed === true
}

/** Whether who is signed in asked for the refund. An open gateway tells nobody from another. */
export function isOwn({ requested_by }, { caller, is_open }) {
  return !is_open && requested_by === caller
}

/**
 * From when on it may be called failed, in milliseconds since 1970: some time after it became unknown, or its deposit was
 * asked for.
 */
export function failableAt(refund, events, { resolve_failed_after_ms }) {
  const isAwaiting = refund.status === 'awaiting_deposit' && refund.deposit
  const unknownAt = events.find(({ event }) => event === 'unknown')?.at
  const since = isAwaiting ? refund.deposit.requested_at : (unknownAt ?? refund.updated_at)
  return Date.parse(since) + resolve_failed_after_ms
}

/** What a person is to do about an open refund: the names of texts. */
export function advice(refund, identity) {
  if (refund.status === 'processing') return ['adviseProcessing']
  if (refund.disputed) return ['adviseDisputed']
  if (refund.status === 'awaiting_deposit') return ['adviseDeposit']
  const own = isOwn(refund, identity) ? ['adviseOwn'] : []
  const code = refund.provider?.cancel_code
  const coded = code && code !== '0000' ? ['adviseCode'] : []
  const kind = refund.kind === 'full' ? 'adviseFull' : 'advisePartial'
  return [...coded, kind, ...own]
}

/** Whether a deposit account can be asked for: a refund that failed for want of money, of a Kiwoompay account. */
export function canAskForDeposit(refund, { accounts }) {
  const isKiwoom = accounts.find(({ name }) => name === refund.account)?.pg === 'kiwoom'
  return isKiwoom && refund.status === 'failed' && refund.failure?.code === 'deposit_required'
}
