import { type Static, Type } from 'typebox'
import { Refund } from '../refunds/refund.ts'
import type { Caller } from './caller.ts'

const { id, status, kind, amount, created_at } = Refund.properties

/**
 * A refund as somebody sees it who may not be the one that asked for it. It is one schema with members that may be
 * absent, not a choice of two. A serializer that had to choose would validate each refund, and drop what fits neither.
 */
export const SeenRefund = Type.Object(
  { ...Type.Partial(Refund).properties, id, status, kind, amount, created_at },
  {
    $id: 'SeenRefund',
    additionalProperties: false,
    description:
      'A refund. One that another caller asked for has, without the scope `read_all`, only `id`, `status`, `kind`, `amount` and `created_at`; any other has every member',
  },
)
export type SeenRefund = Static<typeof SeenRefund>

/** Whether the caller may read all of a refund. */
export function maySeeAll(caller: Caller | null, refund: Refund): boolean {
  return caller !== null && (caller.scopes.includes('read_all') || refund.requested_by === caller.name)
}

/** The refund as this caller may see it: whole, or as little as explains what is left of its payment. */
export function refundAsSeenBy(caller: Caller | null, refund: Refund): SeenRefund {
  if (maySeeAll(caller, refund)) return refund
  const { id, status, kind, amount, created_at } = refund
  return { id, status, kind, amount, created_at }
}
