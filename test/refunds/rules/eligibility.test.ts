import t from 'tap'
import {
  PAYMENT_GATEWAYS,
  PAYMENT_METHODS,
  type PaymentGateway,
  type PaymentMethod,
  REFUND_KINDS,
  type RefundKind,
} from '../../../src/refunds/payment.ts'
import { taxFreeAllowed } from '../../../src/refunds/rules/amounts-of-request.ts'
import {
  brokenEligibilityRule,
  partialAllowed,
  refundAccountRequired,
} from '../../../src/refunds/rules/eligibility.ts'

// The table of docs/calling.md, Eligibility, a cell for each PG. Where two rules are broken, the one that no other request mends.
//   yes      allowed
//   partial  partial_not_allowed
//   pg       gateway_not_allowed
//   never    method_not_refundable
const TABLE = `
                          toss     easypay  kiwoom   danal    mobilpay welcome  paynuri  eromepay
  card_auth        full    yes      yes      yes      yes      yes      yes      yes      yes
  card_auth        partial yes      yes      yes      yes      yes      yes      yes      yes
  card_keyin       full    yes      yes      yes      yes      yes      yes      yes      yes
  card_keyin       partial yes      yes      yes      yes      yes      yes      yes      yes
  card_billing     full    yes      yes      yes      yes      yes      yes      yes      yes
  card_billing     partial partial  partial  partial  partial  partial  partial  partial  partial
  easy_pay         full    yes      yes      yes      yes      yes      yes      yes      yes
  easy_pay         partial partial  partial  partial  partial  partial  partial  partial  partial
  bank_transfer    full    yes      yes      yes      yes      yes      yes      yes      yes
  bank_transfer    partial partial  partial  partial  partial  partial  partial  partial  partial
  virtual_account  full    yes      pg       pg       pg       pg       pg       pg       pg
  virtual_account  partial partial  pg       pg       pg       pg       pg       pg       pg
  mobile           full    never    never    never    never    never    never    never    never
  mobile           partial never    never    never    never    never    never    never    never
`

const RULES: Record<string, string | null> = {
  yes: null,
  partial: 'partial_not_allowed',
  pg: 'gateway_not_allowed',
  never: 'method_not_refundable',
}

type Case = { method: PaymentMethod; kind: RefundKind; gateway: PaymentGateway; rule: string | null }

function cases(): Case[] {
  const [header, ...rows] = TABLE.trim().split('\n')
  const gateways = (header as string).trim().split(/\s+/) as PaymentGateway[]
  return rows.flatMap((row) => {
    const [method, kind, ...cells] = row.trim().split(/\s+/) as [PaymentMethod, RefundKind, ...string[]]
    return cells.map((cell, index) => ({
      method,
      kind,
      gateway: gateways[index] as PaymentGateway,
      rule: RULES[cell] as string | null,
    }))
  })
}

t.test('every method, kind and PG is as the contract says', async (t) => {
  const all = cases()
  t.equal(all.length, 7 * 2 * 8)
  for (const { method, kind, gateway, rule } of all) {
    t.equal(brokenEligibilityRule(method, kind, gateway), rule, `${method} ${kind} ${gateway}`)
  }
})

t.test('there are no methods, kinds and PGs but those of the contract', async (t) => {
  const inTable = (member: 'method' | 'kind' | 'gateway') => [...new Set(cases().map((row) => row[member]))]
  t.same([...PAYMENT_METHODS].sort(), inTable('method').sort())
  t.same([...REFUND_KINDS].sort(), inTable('kind').sort())
  t.same([...PAYMENT_GATEWAYS].sort(), inTable('gateway').sort())
})

t.test('partial cancels are for authenticated and key-in cards', async (t) => {
  const allowed = {
    card_auth: true,
    card_keyin: true,
    card_billing: false,
    easy_pay: false,
    bank_transfer: false,
    virtual_account: false,
    mobile: false,
  }
  for (const method of PAYMENT_METHODS) t.equal(partialAllowed(method), allowed[method], method)
})

t.test('only a virtual account needs an account to pay back to', async (t) => {
  for (const method of PAYMENT_METHODS) {
    t.equal(refundAccountRequired(method), method === 'virtual_account', method)
  }
})

t.test('only Kiwoompay takes a tax-free amount', async (t) => {
  for (const gateway of PAYMENT_GATEWAYS) t.equal(taxFreeAllowed(gateway), gateway === 'kiwoom', gateway)
})
