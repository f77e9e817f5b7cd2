import pLimit from 'p-limit'
import type { Refund } from '../../src/refunds/refund.ts'
import type { Caller } from './caller.ts'
import type { Cancel } from './histories.ts'
import { isFoundByLookup, matchCancels } from './matching.ts'
import type { Random } from './random.ts'
import type { Reader } from './reader.ts'

/** The person who looks at what the provider's console shows, and resolves what nobody else can. */
export type Operator = Readonly<{
  /**
   * Looks at unknown refunds once. One whose cancel is there has succeeded; one that has been unknown for
   * `finalAfterMs` without a cancel has failed. `everything`: also what the lookup could find out by itself, and half of
   * what awaits a deposit that nobody has paid; nobody may pay any more then. Answers how many wait for another round.
   */
  round(how: Readonly<{ finalAfterMs: number; everything: boolean }>): Promise<number>
}>

const LOOKS_AT_ONCE = 4

/** The applied cancel of a refund, as the sandbox and all refunds of its payment show it. */
export async function cancelOf(
  reader: Reader,
  { id, tid }: Refund,
): Promise<Readonly<{ refund: Refund; cancel: Cancel | undefined }> | null> {
  // Read in this order: what was applied before is stored when the refunds are read.
  const { cancels } = await reader.cancels(tid)
  const refunds = await reader.list(tid)
  const refund = refunds.find((other) => other.id === id)
  if (refund === undefined) return null
  return { refund, cancel: matchCancels(refunds, cancels).cancelOf.get(refund) }
}

export function createOperator(caller: Caller, reader: Reader, random: Random): Operator {
  /** What awaits a deposit that nobody has paid, and is left so. */
  const left = new Set<string>()

  async function look(found: Refund, finalAfterMs: number, everything: boolean): Promise<void> {
    const history = caller.find(found.metadata.key)
    const { refund, cancel } = (await cancelOf(reader, found)) ?? {}
    if (history === undefined || (refund?.status !== 'unknown' && refund?.status !== 'awaiting_deposit'))
      return
    if (cancel === undefined) {
      const isAwaiting = refund.status === 'awaiting_deposit'
      if (isAwaiting && !everything) return
      if (isAwaiting && random.chance(0.5)) {
        left.add(refund.id)
        return
      }
      if (Date.now() - Date.parse(refund.updated_at) < finalAfterMs) return
      const note = 'The console shows no cancel of it.'
      await caller.resolve(history, refund.id, { outcome: 'failed', note }, random)
    } else if (everything || !isFoundByLookup(refund, cancel)) {
      const provider = {
        cancel_tid: cancel.cancel_tid,
        cancel_code: '0000',
        cancel_amt: String(cancel.amount),
      }
      const note = 'Seen in the console.'
      await caller.resolve(history, refund.id, { outcome: 'succeeded', note, provider }, random)
    }
  }

  return {
    async round({ finalAfterMs, everything }) {
      const howMany = everything ? 'all' : 'first'
      const [unknown, awaiting] = await Promise.all([
        reader.unsettled('unknown', howMany),
        reader.unsettled('awaiting_deposit', howMany),
      ])
      const open = [...unknown, ...awaiting.filter((refund) => !left.has(refund.id))]
      const limit = pLimit(LOOKS_AT_ONCE)
      await Promise.all(open.map((refund) => limit(() => look(refund, finalAfterMs, everything))))
      return open.filter(({ id }) => !left.has(id)).length
    },
  }
}
