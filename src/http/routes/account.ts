import type { FastifyReply } from 'fastify'
import { sendProblem } from '../send-problem.ts'

/** The account that is asked for, or the only one; null where there is none, which is then answered. */
export function pickAccount(
  accounts: ReadonlyMap<string, unknown>,
  name: string | undefined,
  reply: FastifyReply,
): string | null {
  const account = name ?? (accounts.size === 1 ? [...accounts.keys()][0] : undefined)
  if (account !== undefined && accounts.has(account)) return account
  sendProblem(reply, 'unknown_account', {
    detail: `Give account as one of ${[...accounts.keys()].join(', ')}.`,
  })
  return null
}
