import fc from 'fast-check'
import iconv from 'iconv-lite'
import t from 'tap'
import { sendableReason } from '../../src/cookiepay/reason.ts'

t.test('a reason goes out as it was given, but for what a PG cannot take', async (t) => {
  const rows: [string, string][] = [
    ['고객 변심', '고객 변심'],
    ['Size M -> L (주문 #1042), "교환" \\ {a}_b~', 'Size M -> L (주문 #1042), "교환" \\ {a}_b~'],
    ['똠방각하 뷁', '똠방각하 뷁'],
    ['漢字 かな ㈜ ① ㆍ ￦3,000', '漢字 かな ㈜ ① ㆍ ￦3,000'],
    // Commands.
    ['^1000', ' 1000'],
    ['[STOPREQ]변심', ' STOPREQ 변심'],
    ['a|b', 'a b'],
    ['줄\n바꿈\t\u0000\u007f\u0085', '줄 바꿈    '],
    // Two bytes each in CP949, and no command.
    ['［STOPREQ］＾｜', '［STOPREQ］＾｜'],
    // What CP949 cannot hold, a pair of surrogates as one character.
    ['고객😀변심', '고객 변심'],
    ['café — ₩3,000', 'caf     3,000'],
    ['👨‍👩‍👧 가족', '      가족'],
    ['\ufeff변심\u200b', ' 변심 '],
    // Nothing else is left.
    ['😀', '환불'],
    ['^|[]', '환불'],
    ['   ', '환불'],
    ['\u3000\n', '환불'],
  ]
  for (const [given, sent] of rows) t.equal(sendableReason(given), sent, JSON.stringify(given))
})

t.test('whatever is given, what is sent can be: of CP949, without commands, and no longer', async () => {
  const character = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    fc.constantFrom(...'^|[]{}_~ 가힣똠é😀'),
  )
  const reason = fc.array(character, { minLength: 1, maxLength: 50 }).map((all) => all.join(''))
  fc.assert(
    fc.property(reason, (given) => {
      const sent = sendableReason(given)
      const isSame = [...given].every((character, index) => [' ', character].includes([...sent][index] ?? ''))
      return (
        sent.trim() !== '' &&
        !/[\^|[\]\p{Cc}]/u.test(sent) &&
        iconv.decode(iconv.encode(sent, 'cp949'), 'cp949') === sent &&
        (sent === '환불' || (isSame && [...sent].length === [...given].length)) &&
        sendableReason(sent) === sent
      )
    }),
    { numRuns: 2000 },
  )
})
