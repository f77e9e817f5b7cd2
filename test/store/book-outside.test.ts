import t from 'tap'
import { bookOutside } from '../../src/store/lua/book-outside.ts'
import { MERCHANT } from '../support/merchant.ts'
import { newClaim, newIntent, SUCCEEDED, settled } from '../support/store-intents.ts'
import { startStore } from '../support/store-start.ts'

t.test('an attempt at a booking that was refused books nothing later', async (t) => {
  const { store, redis } = await startStore(t)
  const claim = newClaim({ tid: 'booked' })
  const attempt = {
    wish: {
      ...{ id: `ob_${'0'.repeat(26)}`, merchant: MERCHANT, tid: claim.tid, fingerprint: 'f' },
      ...{ amount: 100, tax_free_amount: null, note: 'Seen in the console.', by: 'finance' },
    },
    ...{ token: 'first', retentionMs: 60_000, abandonedMs: 60_000 },
  }
  t.same(await bookOutside(redis, attempt), { result: 'not_known' })
  await settled(store, newIntent(claim, { amount: 500 }), SUCCEEDED)
  t.same(await bookOutside(redis, attempt), { result: 'not_known' }, 'also where it arrives once more, late')
  t.match(await store.findPayment(MERCHANT, claim.tid), { outside: 0 })

  const next = { ...attempt, token: 'second' }
  t.match(await bookOutside(redis, next), { result: 'booked' })
  t.match(await bookOutside(redis, next), { result: 'exists' })
  const more = {
    ...attempt,
    wish: { ...attempt.wish, id: `ob_${'1'.repeat(26)}`, amount: 9_999 },
    token: 'third',
  }
  const refusal = { result: 'amount_exceeds_remaining', remaining: 400, booked: 100 }
  t.same(await bookOutside(redis, more), refusal)
  t.same(await bookOutside(redis, more), refusal, 'with the same figures')
})
