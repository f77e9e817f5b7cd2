import t from 'tap'
import { FAILURE_CODES } from '../../src/refunds/refund.ts'
import { REFUND_STATUSES, type RefundState, TRANSITIONS } from '../../src/refunds/refund-states.ts'

t.test('the states and the ways between them are those of the contract', async (t) => {
  t.same(TRANSITIONS, {
    processing: ['succeeded', 'failed', 'unknown'],
    unknown: ['succeeded', 'failed'],
    succeeded: [],
    failed: ['disputed', 'awaiting_deposit'],
    disputed: ['succeeded', 'failed'],
    awaiting_deposit: ['succeeded', 'failed'],
  })
  t.same([...REFUND_STATUSES].sort(), ['awaiting_deposit', 'failed', 'processing', 'succeeded', 'unknown'])
  t.same([...FAILURE_CODES].sort(), ['already_cancelled', 'deposit_required', 'provider_declined'])
})

t.test('the table of transitions is closed', async (t) => {
  const states: readonly RefundState[] = [...REFUND_STATUSES, 'disputed']
  t.same(Object.keys(TRANSITIONS).sort(), [...states].sort(), 'every state has a row')
  const all = states.flatMap((from) => TRANSITIONS[from].map((to) => ({ from, to })))
  for (const { from, to } of all) {
    t.ok(states.includes(to), `${from} leads to a state`)
    t.not(from, to, `${from} does not lead to itself`)
    t.not(to, 'processing', 'nothing becomes processing again: it would be sent twice')
  }

  const reached = new Set<RefundState>(['processing'])
  for (const from of reached) for (const to of TRANSITIONS[from]) reached.add(to)
  t.same([...reached].sort(), [...states].sort(), 'every state is reached from processing')
  t.same(TRANSITIONS.succeeded, [], 'succeeded is final')
})
