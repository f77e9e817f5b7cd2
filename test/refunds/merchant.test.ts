import fc from 'fast-check'
import t from 'tap'
import { merchantOf } from '../../src/refunds/merchant.ts'

t.test(
  'a merchant is named by the id alone, in characters that mean nothing in a key or a claim',
  async (t) => {
    const id = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    })
    fc.assert(
      fc.property(id, id, (one, other) => {
        const merchant = merchantOf(one)
        return /^[\w-]{10}$/.test(merchant) && (merchant === merchantOf(other)) === (one === other)
      }),
    )
    t.not(merchantOf('shop'), merchantOf('SHOP'))
    t.equal(merchantOf('shop'), 'jZAB0yxqcD', 'the same in every version: what is stored is found by it')
  },
)
