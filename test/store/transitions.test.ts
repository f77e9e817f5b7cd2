import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import type { RefundState } from '../../src/refunds/refund-states.ts'
import type { Settlement } from '../../src/refunds/stored-refund.ts'
import { assertTransition } from '../../src/store/transitions.ts'
import { begun, newClaim, newIntent } from '../support/store-intents.ts'
import { startStore } from '../support/store-start.ts'

const STATES: readonly RefundState[] = [
  'processing',
  'unknown',
  'succeeded',
  'failed',
  'disputed',
  'awaiting_deposit',
]

/** What one settlement may find and leave; whatever is not here is impossible. */
const POSSIBLE: Readonly<Record<RefundState, readonly RefundState[]>> = {
  // `disputed` by way of `failed`, where another attempt was sent as well.
  processing: ['processing', 'unknown', 'succeeded', 'failed', 'disputed'],
  unknown: ['unknown', 'succeeded', 'failed', 'disputed'],
  succeeded: ['succeeded'],
  failed: ['failed', 'disputed', 'awaiting_deposit'],
  disputed: ['disputed', 'succeeded', 'failed'],
  awaiting_deposit: ['awaiting_deposit', 'succeeded', 'failed', 'disputed'],
}

t.test('a settlement that the table of transitions has no way for is a bug', async (t) => {
  for (const before of STATES) {
    for (const after of STATES) {
      const check = () => assertTransition({ before, after })
      if (POSSIBLE[before].includes(after)) t.doesNotThrow(check, `${before} to ${after}`)
      else t.throws(check, { message: `bug: a refund went from ${before} to ${after}` })
    }
  }
  t.throws(() => assertTransition({ before: 'lost', after: 'failed' }), { message: /^bug: / })
})

const SETTLEMENT: Settlement = {
  status: 'succeeded',
  provider: null,
  refunded_at: null,
  failure: null,
  resolution: null,
  bookedAmount: null,
}

async function startRefund(t: Test) {
  const { redis, store } = await startStore(t)
  return { redis, store, stored: await begun(store, newIntent(newClaim())) }
}

const scriptOf = (name: string) =>
  readFileSync(new URL(`../../src/store/lua/${name}`, import.meta.url), 'utf8')

t.test('the store says so where its script does what it may not', async (t) => {
  const { redis, store, stored } = await startRefund(t)
  t.match(await store.settle(stored, SETTLEMENT), { result: 'settled' })
  t.match(await store.settle(stored, SETTLEMENT), { result: 'settled' }, 'sent twice')

  const settle = scriptOf('settle.lua')
  const broken = settle.replace(
    "elseif refund.status ~= 'processing' and refund.status ~= 'unknown' and not is_paid_in then",
    'elseif false then',
  )
  t.not(broken, settle)
  const lua = [
    scriptOf('shared/now.lua'),
    scriptOf('shared/ledger.lua'),
    scriptOf('shared/duplicates.lua'),
    broken,
  ].join('\n')
  redis.defineCommand('settleRefund', { numberOfKeys: 1, lua })
  await t.rejects(store.settle(stored, { ...SETTLEMENT, status: 'failed' }), {
    message: 'bug: a refund went from succeeded to failed',
  })
})
