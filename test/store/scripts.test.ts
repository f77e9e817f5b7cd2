import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { defineScripts, type RedisClient } from '../../src/store/lua/scripts.ts'

const ROOM = new URL('../../src/store/lua/', import.meta.url)

const read = (file: string) => readFileSync(new URL(file, ROOM), 'utf8')
const files = readdirSync(ROOM).filter((name) => name.endsWith('.lua'))

/** The comment that a file begins with. */
function headOf(text: string): string {
  return /^(?:--.*\n)+/.exec(text)?.[0] ?? ''
}

/** The highest number that keys or arguments have in a text; 0: there are none. */
function highest(text: string, name: 'KEYS' | 'ARGV'): number {
  return Math.max(
    0,
    ...[...text.matchAll(new RegExp(`${name}\\[(\\d+)\\]`, 'g'))].map(([, number]) => Number(number)),
  )
}

function defined(): { name: string; numberOfKeys: number; lua: string }[] {
  const scripts: { name: string; numberOfKeys: number; lua: string }[] = []
  const client = {
    defineCommand: (name: string, script: { numberOfKeys: number; lua: string }) =>
      scripts.push({ name, ...script }),
  }
  defineScripts(client as unknown as RedisClient)
  return scripts
}

t.test('each script’s head says what its keys and arguments are, and what it returns', async (t) => {
  t.ok(files.length >= 18)
  for (const file of files) {
    const text = read(file)
    const head = headOf(text)
    const body = text.slice(head.length)
    t.match(head, /KEYS\[1\]/, file)
    t.ok(highest(head, 'KEYS') >= highest(body, 'KEYS'), `${file}: keys`)
    t.ok(highest(head, 'ARGV') >= highest(body, 'ARGV'), `${file}: arguments`)
    t.match(head, /\bReturns\b/, file)
  }
})

t.test('each script has a wrapper beside it, and is given as many keys as its head names', async (t) => {
  const beside = new Set(readdirSync(ROOM))
  for (const file of files) t.ok(beside.has(file.replace('.lua', '.ts')), file)
  const scripts = defined()
  t.equal(scripts.length, files.length)
  for (const { name, numberOfKeys, lua } of scripts) {
    const file = files.find((one) => lua.endsWith(read(one))) ?? ''
    t.equal(numberOfKeys, highest(headOf(read(file)), 'KEYS'), `${name}: ${file}`)
  }
})

t.test('what a head includes stands before the script, each file once', async (t) => {
  const begin = defined().find(({ name }) => name === 'beginRefund')?.lua
  const parts = [
    'shared/wish.lua',
    'shared/now.lua',
    'shared/ledger.lua',
    'shared/payment-as-read.lua',
    'shared/references-and-amounts.lua',
    'shared/duplicates.lua',
    'shared/spacing.lua',
    'shared/pinned-payment.lua',
    'shared/amount-and-kind.lua',
    'shared/tax-free-part.lua',
    'shared/amount-fits.lua',
    'shared/unresolved-beside.lua',
    'shared/may-begin.lua',
    'begin.lua',
  ]
  t.equal(begin, parts.map(read).join('\n'))
  const check = defined().find(({ name }) => name === 'checkRefund')?.lua
  const own = [...parts.slice(0, -1), 'check.lua'].map(read).join('\n')
  t.equal(check, `#!lua flags=no-writes\n${own}`, 'and what writes nothing says so first')
  const expire = defined().find(({ name }) => name === 'expireClaim')?.lua
  t.equal(expire, read('expire-claim.lua'), 'nothing before one that includes nothing')
})
