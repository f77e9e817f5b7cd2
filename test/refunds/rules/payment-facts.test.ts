import t from 'tap'
import { PAYMENT_METHODS } from '../../../src/refunds/payment.ts'
import type { PaymentFacts } from '../../../src/refunds/ports/provider.ts'
import {
  contradicted,
  contradictedFacts,
  notSeen,
  type StatedFact,
  showsPayment,
} from '../../../src/refunds/rules/payment-facts.ts'

const PAYMENT = { method: 'card_auth', amount: 10_000 } as const

t.test('a row contradicts what it shows otherwise, and nothing that it does not show', async (t) => {
  const rows: [PaymentFacts, StatedFact[]][] = [
    [{ amount: 10_000, methods: ['card_auth'] }, []],
    [{ amount: 10_000, methods: ['easy_pay', 'card_auth'] }, []],
    [{ amount: 10_000, methods: null }, []],
    [{ amount: null, methods: ['card_auth'] }, []],
    [{ amount: null, methods: null }, []],
    [{ amount: 9_999, methods: ['card_auth'] }, ['amount']],
    [{ amount: 10_001, methods: null }, ['amount']],
    [{ amount: 10_000, methods: ['easy_pay'] }, ['method']],
    [{ amount: null, methods: ['bank_transfer'] }, ['method']],
    [{ amount: 1, methods: ['mobile'] }, ['amount', 'method']],
  ]
  for (const [facts, expected] of rows) {
    t.strictSame(contradictedFacts(PAYMENT, facts), expected, JSON.stringify(facts))
  }
  for (const method of PAYMENT_METHODS) {
    t.strictSame(contradictedFacts({ ...PAYMENT, method }, { amount: null, methods: [method] }), [])
  }
})

t.test('only a row with an amount shows a payment', async (t) => {
  t.equal(showsPayment({ amount: 10_000, methods: null }), true)
  t.equal(showsPayment({ amount: null, methods: ['card_auth'] }), false)
})

t.test('a refusal says which fact differs, and no figure', async (t) => {
  const said = (facts: StatedFact[]) => contradicted(facts)
  t.match(said(['amount']), { code: 'payment_mismatch', detail: /another amount\. State payment\.amount / })
  t.match(said(['method']), { code: 'payment_mismatch', detail: /another method\. State payment\.method / })
  t.match(
    said(['amount', 'method']).detail,
    /another amount and another method\..*payment\.amount and payment\.method/,
  )
  t.notMatch(said(['amount', 'method']).detail, /\d/)
  t.match(notSeen('The lookup does not know the payment.'), {
    code: 'provider_unavailable',
    detail: /could not be verified\. The lookup does not know the payment\. Nothing was sent/,
  })
})
