import { readFileSync } from 'node:fs'
import t from 'tap'
import { defaultOf, VARIABLES, type Variable } from '../../src/config/variables.ts'

t.test('.env.example names every variable with its default', async (t) => {
  const lines = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8').split('\n')
  const stated = lines.flatMap((line) => /^(?:# )?([A-Z_]+=.*)$/.exec(line)?.[1] ?? [])
  const expected = Object.entries(VARIABLES).map(
    ([name, variable]) => `${name}=${'fallback' in variable ? variable.fallback : ''}`,
  )
  t.strictSame(stated.sort(), expected.sort())
})

t.test('each variable tells what it is for, in a sentence or two, and what holds without it', async (t) => {
  for (const [name, variable] of Object.entries<Variable>(VARIABLES)) {
    const { meaning } = variable
    const sentences = meaning.split(/(?<=\.)\s/)
    t.ok(sentences.length <= 2, `${name}: ${meaning}`)
    for (const sentence of sentences) {
      t.match(sentence, /^["`A-Z].*\.$/, name)
      t.ok(sentence.split(' ').length <= 30, sentence)
    }
    t.notMatch(meaning + defaultOf(variable), /[|\n]/, `${name} fits into a table's cell`)
  }
  t.equal(defaultOf(VARIABLES.PORT), '`3000`')
  t.equal(defaultOf(VARIABLES.COOKIEPAY_TIMEOUT_MS), '`20000`; `35000` with `easypay`')
  t.equal(defaultOf(VARIABLES.OPERATIONS_PORT), 'unset')
})
