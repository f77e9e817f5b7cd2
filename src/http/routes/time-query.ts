import { Type } from 'typebox'
import { CALLER_PATTERN } from '../../config/config.ts'
import type { ChangeFilter } from '../../refunds/flows/changed-refunds.ts'
import type { MerchantAccount } from '../../refunds/merchant.ts'
import type { RefundStatus } from '../../refunds/refund-states.ts'
import { noSuchAccount, pickAccount } from '../../refunds/rules/pick-account.ts'
import { DATE_OR_TIME, readTimeSpan } from '../../refunds/time-span.ts'
import type { Caller } from '../caller.ts'
import type { FullDetails } from '../problems/send-problem.ts'

/** From when on. */
export const From = Type.String({
  maxLength: 40,
  pattern: DATE_OR_TIME,
  description:
    'Refunds whose state changed last at this time or later: a date of Korea, or an ISO 8601 time with its offset',
  examples: ['2026-01-01'],
})

/** Until when. */
export const To = Type.String({
  maxLength: 40,
  pattern: DATE_OR_TIME,
  description:
    'Up to this time, which is not included; a date of Korea is, with its whole day. Absent: until now. The last 5 s are never in it',
  examples: ['2026-01-01'],
})

/** Whose refunds. */
export const CallerName = Type.String({
  maxLength: 64,
  pattern: CALLER_PATTERN.source,
  description: 'Who asked for them; another caller than oneself takes the scope `read_all`',
  examples: ['orders'],
})

/** Which refunds a query means, by the time of their last change. */
export type TimeQuery = Readonly<{
  from: string
  to?: string | undefined
  status?: RefundStatus | undefined
  account?: string | undefined
  caller?: string | undefined
}>

/** The refunds that are meant; or the problem that says why a query means none. */
export type ReadQuery =
  | Readonly<{ filter: ChangeFilter }>
  | Readonly<{ code: 'invalid_request' | 'unknown_account' | 'forbidden'; details: FullDetails }>

/** Who asks, and what there is to ask for. */
type Asked = Readonly<{ accounts: ReadonlyMap<string, MerchantAccount>; caller: Caller }>

/** What is wrong with one member of the query. */
export function wrongMember(member: string, detail: string): Extract<ReadQuery, { code: unknown }> {
  const errors = [{ pointer: `#/${member}`, detail }]
  return { code: 'invalid_request', details: { detail: `${member} ${detail}.`, errors } }
}

/** Of all accounts where none is named, and of all callers where the one that asks may read those. */
export function readTimeQuery(query: TimeQuery, { accounts, caller }: Asked): ReadQuery {
  const span = readTimeSpan(query)
  if ('member' in span) return wrongMember(span.member, span.detail)
  if (query.status === 'processing') {
    return wrongMember('status', 'of what is in flight is listed without from: nothing has changed there yet')
  }
  const account = query.account === undefined ? undefined : pickAccount(accounts, query.account)
  if (query.account !== undefined && account === undefined) {
    return { code: 'unknown_account', details: { detail: noSuchAccount(query.account, accounts.keys()) } }
  }
  const mayReadAll = caller.scopes.includes('read_all')
  if (!mayReadAll && query.caller !== undefined && query.caller !== caller.name) {
    return { code: 'forbidden', details: { detail: 'This key lacks the scope read_all.' } }
  }
  const whose = mayReadAll ? query.caller : caller.name
  return { filter: { ...span, status: query.status, merchant: account?.merchant, caller: whose } }
}
