import fc from 'fast-check'
import t from 'tap'
import { maskAccountNumber } from '../../src/refunds/refund-account.ts'

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
