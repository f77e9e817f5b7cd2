import t from 'tap'
import { pathPrefixOf } from '../../../src/http/routes/path-prefix.ts'

const prefixOf = (header: string) => pathPrefixOf({ 'x-forwarded-prefix': header })

t.test('the path that a proxy stripped, of several proxies one after the other', async (t) => {
  t.equal(pathPrefixOf({}), '')
  t.equal(prefixOf('/pay'), '/pay')
  t.equal(prefixOf('/pay/'), '/pay')
  t.equal(prefixOf('/shop/refund-gateway'), '/shop/refund-gateway')
  t.equal(prefixOf('/v1.2/~shop_a'), '/v1.2/~shop_a')
  t.equal(prefixOf('/shop, /pay'), '/shop/pay')
  t.equal(prefixOf('/'), '')
})

t.test('what is no plain path is no prefix', async (t) => {
  for (const header of [
    '',
    'pay',
    '//evil.example',
    '/pay//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '/pay?x=',
    '/pay#x',
    '/pay/..',
    '/.',
    '/%2e%2e',
    '/a b',
    '/pay\r\nX: y',
    '/거래',
    '/pay, https://evil.example',
    `/${'a'.repeat(200)}`,
  ]) {
    t.equal(prefixOf(header), '', JSON.stringify(header))
  }
})
