import fc from 'fast-check'
import t from 'tap'
import { MAX_KRW } from '../../src/refunds/krw.ts'
import { FAILURE_CODES } from '../../src/refunds/refund.ts'
import { maskAccountNumber } from '../../src/refunds/refund-account.ts'
import { REFUND_STATUSES, type RefundState, TRANSITIONS } from '../../src/refunds/refund-states.ts'

t.test('the states and the ways between them are those of the contract', async (t) => {
  t.same(TRANSITIONS, {
    processing: ['succeeded', 'failed', 'unknown'],
    unknown: ['succeeded', 'failed'],
    succeeded: [],
    failed: ['disputed'],
    disputed: ['succeeded', 'failed'],
  })
  t.same([...REFUND_STATUSES].sort(), ['failed', 'processing', 'succeeded', 'unknown'])
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

t.test('an amount has at most ten digits', async (t) => {
  t.equal(MAX_KRW, 9_999_999_999)
})

t.test('an account number is masked to its last four, and never more than half of it', async (t) => {
  const rows: [string, string][] = [
    ['1002345678901', '*********8901'],
    ['110-123-456789', '**********6789'],
    ['12345678', '****5678'],
    ['1234567', '****567'],
    ['12345', '***45'],
    ['1234', '**34'],
    ['123', '**3'],
    ['1', '*'],
    ['', ''],
    ['*12345', '****45'],
    // Half of its digits, whatever stands between them.
    ['1-2-3-4', '***-3-4'],
    ['1234----', '****----'],
    ['----1234', '******34'],
    ['계좌번호가나다', '****가나다'],
    ['😀12', '**2'],
    ['0'.repeat(30), `${'*'.repeat(26)}0000`],
  ]
  for (const [number, masked] of rows) t.equal(maskAccountNumber(number), masked, number)
})

t.test('a mask keeps the length, shows at most four characters and at most half of the digits', async () => {
  const number = fc.string({ maxLength: 30, unit: fc.constantFrom(...'0123456789- ') })
  const digitsIn = (text: string) => text.replaceAll(/[^0-9]/g, '').length
  fc.assert(
    fc.property(number, (number) => {
      const masked = maskAccountNumber(number)
      const shown = masked.replace(/^\**/, '')
      return (
        masked.length === number.length &&
        number.endsWith(shown) &&
        shown.length <= 4 &&
        digitsIn(shown) <= digitsIn(number) / 2
      )
    }),
  )
})
