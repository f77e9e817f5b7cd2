import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'

const STATIC = new URL('../../src/console/static/', import.meta.url)
const source = readFileSync(new URL('texts.js', STATIC), 'utf8')

// The module asks for a browser; its table alone is read here.
const [, table = ''] = /const TEXTS = (\{.*?\n\})\n/s.exec(source) ?? []
const TEXTS = new Function(`return ${table}`)() as Record<string, readonly string[]>

/** Names that are made of a prefix and what the gateway says. */
const PREFIXES = ['status', 'kind', 'member', 'event', 'source', 'ledger', 'retry', 'part', 'means']

const code = readdirSync(STATIC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.js') && name !== 'texts.js')
  .map((name) => readFileSync(new URL(name, STATIC), 'utf8'))
  .join('\n')

t.test('each text is there in English and Korean, with the same values in it', async (t) => {
  t.ok(Object.keys(TEXTS).length > 150)
  const valuesOf = (text = '') => [...text.matchAll(/\{(\w+)\}/g)].map(([value]) => value).sort()
  for (const [name, texts] of Object.entries(TEXTS)) {
    t.equal(texts.length, 2, name)
    const [english, korean] = texts
    t.same(valuesOf(korean), valuesOf(english), name)
    t.ok(english?.trim() && korean?.trim(), name)
    // Names of things stay as they are, and so does what is no word.
    const words = (korean ?? '').replace(/\{\w+\}/g, '')
    const isNoWord = !/\p{L}/u.test(words)
    const isKorean = english === korean || name === 'language' || isNoWord || /\p{Script=Hangul}/u.test(words)
    t.ok(isKorean, name)
    if (name !== 'language') t.notMatch(english, /\p{Script=Hangul}/u, name)
  }
})

t.test('each text that the code asks for is there, and each that is there is asked for', async (t) => {
  for (const [, name = ''] of code.matchAll(/\btext\('(\w+)'/g)) t.ok(name in TEXTS, name)
  for (const name of Object.keys(TEXTS)) {
    const isComposed = PREFIXES.some((prefix) => name.startsWith(`${prefix}_`))
    t.ok(isComposed || code.includes(`'${name}'`), `${name} is asked for`)
  }
})
