import type { FastifyReply } from 'fastify'
import type { MerchantAccount } from '../merchant.ts'
import { sendProblem } from '../../http/problems/send-problem.ts'

/** The account that is asked for, or the only one; null where there is none, which is then answered. */
export function pickAccount(
  accounts: ReadonlyMap<string, MerchantAccount>,
  name: string | undefined,
  reply: FastifyReply,
): MerchantAccount | null {
  const account =
    name === undefined && accounts.size === 1 ? [...accounts.values()][0] : accounts.get(name ?? '')
  if (account !== undefined) return account
  sendProblem(reply, 'unknown_account', {
    detail: `Give account as one of ${[...accounts.keys()].join(', ')}.`,
  })
  return null
}
