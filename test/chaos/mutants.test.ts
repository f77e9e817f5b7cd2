import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { MUTANTS } from './mutants.ts'

const ROOT = new URL('../../', import.meta.url)

t.test('each mutation finds its text exactly once, and the test that is to notice it', async (t) => {
  t.ok(MUTANTS.length >= 37)
  for (const { name, edits, test } of MUTANTS) {
    for (const { file, find } of edits) {
      t.equal(
        readFileSync(new URL(`src/${file}`, ROOT), 'utf8').split(find).length - 1,
        1,
        `${name}: ${file}`,
      )
    }
    if (test !== undefined) t.ok(existsSync(new URL(test, ROOT)), `${name}: ${test}`)
  }
})
