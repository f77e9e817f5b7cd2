import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import t from 'tap'
import { decodeAnswer } from '../../src/cookiepay/decoding.ts'

const MAX_BYTES = 1024
const TEXT = '{"cancel_msg":"취소 성공, 똠방각하"}'
const UTF8 = Buffer.from(TEXT)
const CP949 = iconv.encode(TEXT, 'cp949')

function decoded(body: Buffer, contentType?: string | string[], contentEncoding?: string | string[]): string {
  return decodeAnswer(body, { contentType, contentEncoding }, MAX_BYTES)
}

t.test('an answer is read in the charset that it declares', async (t) => {
  const korean = [
    'text/html; charset=euc-kr',
    'text/html;charset=EUC-KR',
    'application/json; charset="euc-kr"',
    "application/json; Charset = 'cp949'",
    'text/plain; x=y; charset=ks_c_5601-1987; z=1',
    'text/plain; charset=MS949',
    'text/plain; charset=x-windows-949',
    'text/plain; charset=KSC5601',
    'text/plain; charset=UHC',
  ]
  for (const contentType of korean) t.equal(decoded(CP949, contentType), TEXT, String(contentType))
  const others = [
    undefined,
    'application/json',
    'application/json; charset=utf-8',
    'text/html; charset=UTF8',
    // What servers say of everything, without knowing.
    'text/html; charset=iso-8859-1',
    'text/html; charset=us-ascii',
    'text/html; charset=',
    'text/html; charset=unheard-of',
    'text/html; x-charset=euc-kr',
  ]
  for (const contentType of others) t.equal(decoded(UTF8, contentType), TEXT, String(contentType))
})

t.test('a byte order mark is dropped, and says more than a charset', async (t) => {
  const marked = Buffer.concat([Buffer.from('\ufeff'), UTF8])
  for (const contentType of [undefined, 'text/html; charset=utf-8', 'text/html; charset=euc-kr']) {
    t.equal(decoded(marked, contentType), TEXT, String(contentType))
  }
})

t.test('what is not of its charset leaves a mark', async (t) => {
  t.match(decoded(CP949), '\ufffd')
  t.match(decoded(CP949, 'text/html; charset=utf-8'), '\ufffd')
  t.match(decoded(UTF8, 'text/html; charset=euc-kr'), '\ufffd')
  const cut = CP949.subarray(0, CP949.indexOf(iconv.encode('취', 'cp949')) + 1)
  t.match(decoded(cut, 'text/html; charset=euc-kr'), /\ufffd$/)
  t.match(decoded(UTF8.subarray(0, 17)), /\ufffd$/)
})

t.test('ASCII is the same in each of them', async () => {
  const ascii = fc.string({ unit: 'binary-ascii', maxLength: 500 })
  fc.assert(
    fc.property(ascii, (text) => {
      const bytes = Buffer.from(text)
      return decoded(bytes, 'text/html; charset=euc-kr') === text && decoded(bytes) === text
    }),
  )
})

t.test('a compressed answer is read, in the order in which it was done', async (t) => {
  const rows: [string | string[], Buffer][] = [
    ['identity', UTF8],
    ['', UTF8],
    ['gzip', gzipSync(UTF8)],
    ['GZIP', gzipSync(UTF8)],
    ['x-gzip', gzipSync(UTF8)],
    ['br', brotliCompressSync(UTF8)],
    ['deflate', deflateSync(UTF8)],
    ['deflate', deflateRawSync(UTF8)],
    ['identity, gzip', gzipSync(UTF8)],
    ['deflate, gzip', gzipSync(deflateSync(UTF8))],
    [['deflate', 'br'], brotliCompressSync(deflateSync(UTF8))],
  ]
  for (const [encoding, body] of rows) t.equal(decoded(body, undefined, encoding), TEXT, String(encoding))
  t.equal(decoded(gzipSync(CP949), 'text/html; charset=euc-kr', 'gzip'), TEXT, 'and in its charset')
})

t.test('what cannot be undone is no answer', async (t) => {
  const rows: [string, Buffer][] = [
    ['gzip', UTF8],
    ['gzip', Buffer.alloc(0)],
    ['gzip', gzipSync(UTF8).subarray(0, -9)],
    ['br', UTF8],
    ['br', brotliCompressSync(UTF8).subarray(0, -5)],
    ['deflate', Buffer.from([1])],
    ['gzip', deflateSync(UTF8)],
    ['zstd', UTF8],
    ['gzip', gzipSync(Buffer.alloc(MAX_BYTES + 1))],
    ['br', brotliCompressSync(Buffer.alloc(MAX_BYTES + 1))],
    ['deflate', deflateSync(Buffer.alloc(MAX_BYTES + 1))],
    ['gzip,gzip,gzip,gzip', [1, 2, 3, 4].reduce((bytes) => gzipSync(bytes), UTF8)],
  ]
  for (const [encoding, body] of rows) t.throws(() => decoded(body, undefined, encoding), Error, encoding)
  t.equal(decoded(gzipSync(Buffer.alloc(MAX_BYTES, 'a')), undefined, 'gzip').length, MAX_BYTES)
})
