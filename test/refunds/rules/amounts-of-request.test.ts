import fc from 'fast-check'
import t from 'tap'
import { MAX_KRW } from '../../../src/refunds/krw.ts'
import { PAYMENT_GATEWAYS, type PaymentGateway } from '../../../src/refunds/payment.ts'
import { brokenAmountRule, requestedKind } from '../../../src/refunds/rules/amounts-of-request.ts'

const PAID = 1000

const AMOUNT: Record<string, number | undefined> = { absent: undefined, less: 400, equal: PAID, more: 1400 }
const PAID_TAX_FREE: Record<string, number | undefined> = {
  absent: undefined,
  zero: 0,
  less: 500,
  more: 1400,
}

/** Relative to what would be refunded. */
function taxFreeAmount(word: string, amount: number): number | undefined {
  const amounts: Record<string, number> = { zero: 0, less: 200, equal: amount, more: amount + 1 }
  return amounts[word]
}

// Rows: `amount` against what was paid, `tax_free_amount` against what would be refunded.
// Columns: `payment.tax_free_amount` against what was paid, with a Kiwoompay and with a Toss account.
//   ok     no rule without state is broken
//   over   amount_exceeds_remaining
//   no     tax_free_not_allowed
//   part   tax_free_exceeds_amount
const TABLE = `
                  kiwoom                    toss
                  absent zero less more     absent zero less more
  absent absent   ok     ok   ok   part     ok     ok   ok   part
  absent zero     ok     ok   ok   part     no     no   no   no
  absent less     ok     ok   ok   part     no     no   no   no
  absent equal    ok     ok   ok   part     no     no   no   no
  absent more     part   part part part     no     no   no   no
  less   absent   ok     ok   ok   part     ok     ok   ok   part
  less   zero     ok     ok   ok   part     no     no   no   no
  less   less     ok     ok   ok   part     no     no   no   no
  less   equal    ok     ok   ok   part     no     no   no   no
  less   more     part   part part part     no     no   no   no
  equal  absent   ok     ok   ok   part     ok     ok   ok   part
  equal  zero     ok     ok   ok   part     no     no   no   no
  equal  less     ok     ok   ok   part     no     no   no   no
  equal  equal    ok     ok   ok   part     no     no   no   no
  equal  more     part   part part part     no     no   no   no
  more   absent   over   over over over     over   over over over
  more   zero     over   over over over     over   over over over
  more   less     over   over over over     over   over over over
  more   equal    over   over over over     over   over over over
  more   more     over   over over over     over   over over over
`

const RULES: Record<string, string | null> = {
  ok: null,
  over: 'amount_exceeds_remaining',
  no: 'tax_free_not_allowed',
  part: 'tax_free_exceeds_amount',
}

t.test('every combination of amounts breaks the rule that the contract names', async (t) => {
  const [gateways, columns, ...rows] = TABLE.trim().split('\n') as [string, string, ...string[]]
  const [first, second] = gateways.trim().split(/\s+/) as [PaymentGateway, PaymentGateway]
  const paidTaxFree = columns.trim().split(/\s+/)
  let checked = 0
  for (const row of rows) {
    const [amountWord, taxFreeWord, ...cells] = row.trim().split(/\s+/) as [string, string, ...string[]]
    cells.forEach((cell, index) => {
      const amount = AMOUNT[amountWord]
      const request = {
        payment: {
          method: 'card_auth' as const,
          amount: PAID,
          ...(paidTaxFree[index] !== 'absent' && {
            tax_free_amount: PAID_TAX_FREE[paidTaxFree[index] as string] as number,
          }),
        },
        amount,
        tax_free_amount: taxFreeAmount(taxFreeWord, amount ?? PAID),
      }
      const gateway = index < 4 ? first : second
      t.equal(
        brokenAmountRule(request, gateway),
        RULES[cell],
        `${gateway}: amount ${amountWord}, tax-free ${taxFreeWord}, paid tax-free ${paidTaxFree[index]}`,
      )
      checked++
    })
  }
  t.equal(checked, 4 * 5 * 4 * 2)
})

t.test('no PG but Kiwoompay takes a tax-free amount, not even zero', async (t) => {
  for (const gateway of PAYMENT_GATEWAYS) {
    const request = { payment: { method: 'card_auth' as const, amount: PAID }, tax_free_amount: 0 }
    t.equal(brokenAmountRule(request, gateway), gateway === 'kiwoom' ? null : 'tax_free_not_allowed', gateway)
  }
})

t.test('a request that breaks no rule never asks for more than was paid', async () => {
  const krw = fc.integer({ min: 1, max: 50 })
  const taxFree = fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined })
  fc.assert(
    fc.property(
      krw,
      taxFree,
      fc.option(krw, { nil: undefined }),
      taxFree,
      fc.constantFrom(...PAYMENT_GATEWAYS),
      (paid, paidTaxFree, amount, taxFreeAmount, gateway) => {
        const payment = {
          method: 'card_auth' as const,
          amount: paid,
          ...(paidTaxFree !== undefined && { tax_free_amount: paidTaxFree }),
        }
        const rule = brokenAmountRule({ payment, amount, tax_free_amount: taxFreeAmount }, gateway)
        if (rule !== null) return true
        const refunded = amount ?? paid
        return (
          refunded <= paid &&
          (taxFreeAmount ?? 0) <= refunded &&
          (paidTaxFree ?? 0) <= paid &&
          (taxFreeAmount === undefined || gateway === 'kiwoom')
        )
      },
    ),
    { numRuns: 2000 },
  )
})

t.test('a request for everything is full, for less partial', async (t) => {
  const kinds = [
    [undefined, 'full'],
    [1, 'partial'],
    [PAID - 1, 'partial'],
    [PAID, 'full'],
    [PAID + 1, 'full'],
  ] as const
  for (const [amount, kind] of kinds) {
    t.equal(requestedKind({ payment: { method: 'card_auth', amount: PAID }, amount }), kind, `${amount}`)
  }
})

t.test('an amount has at most ten digits', async (t) => {
  t.equal(MAX_KRW, 9_999_999_999)
})
