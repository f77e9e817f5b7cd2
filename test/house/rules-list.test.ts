import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'

const TESTS = new URL('../', import.meta.url)

t.test('what npm run test:rules runs is there', async (t) => {
  const list = /const PURE = \[(.*?)\]/s.exec(readFileSync(new URL('rules.ts', TESTS), 'utf8'))?.[1] ?? ''
  const names = [...list.matchAll(/'([^']+)'/g)].map(([, name = '']) => name)
  t.ok(names.length >= 10)
  for (const name of names) t.ok(existsSync(new URL(name, TESTS)), name)
})
