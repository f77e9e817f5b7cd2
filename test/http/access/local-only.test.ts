import t from 'tap'
import { isLocalHost, isLocalOrigin } from '../../../src/http/access/local-only.ts'

const LOCAL = [
  'localhost',
  'LocalHost',
  'localhost.',
  'gateway.localhost',
  'a.b.localhost',
  '127.0.0.1',
  '127.0.0.1.',
  '127.255.0.9',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::FFFF:7f00:1]',
]
const FOREIGN = [
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'notlocalhost',
  'localhost@evil.example',
  'evil.example@localhost',
  'localhost,evil.example',
  'localhost evil.example',
  '.localhost',
  'localhost/',
  'localhost#',
  ' localhost',
  '127.0.0.256',
  '128.0.0.1',
  '0.0.0.0',
  '192.168.0.1',
  '::1',
  '[::]',
  '[::2]',
  '[::ffff:192.168.0.1]',
  '[fe80::1]',
  '[:::::]',
  '[localhost]',
  'ｌocalhost',
  '',
]

t.test('the names and addresses of this machine, with any port, and no others', async (t) => {
  for (const host of LOCAL) {
    for (const port of ['', ':', ':80', ':65535']) t.ok(isLocalHost(host + port), host + port)
    for (const port of [':x', ':80:80', ':-1', ':80 ', ':80@evil.example']) {
      t.notOk(isLocalHost(host + port), host + port)
    }
  }
  for (const host of FOREIGN) {
    for (const port of ['', ':80']) t.notOk(isLocalHost(host + port), host + port)
  }
  t.notOk(isLocalHost(undefined))
})

t.test('the pages of this machine, and no others', async (t) => {
  for (const host of LOCAL) {
    for (const scheme of ['http', 'https', 'HTTP']) t.ok(isLocalOrigin(`${scheme}://${host}:8080`), host)
    for (const scheme of ['file', 'ws', 'chrome-extension', '']) t.notOk(isLocalOrigin(`${scheme}://${host}`))
    t.notOk(isLocalOrigin(host))
    t.notOk(isLocalOrigin(`http://${host}, http://evil.example`), 'of two that are joined')
  }
  for (const host of FOREIGN) t.notOk(isLocalOrigin(`http://${host}`), host)
  for (const origin of ['', 'null', 'http://', '*']) t.notOk(isLocalOrigin(origin), origin)
})
