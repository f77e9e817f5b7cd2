import { readFileSync } from 'node:fs'
import t from 'tap'

const ROOT = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')

t.test('each threat names a test that exists', async (t) => {
  const rows = read('docs/security.md')
    .split('\n## Threats\n')[1]
    ?.split('\n## ')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2) as string[]
  t.ok(rows.length >= 20, `${rows.length} threats`)
  for (const row of rows) {
    const cells = row.split(' | ')
    t.equal(cells.length, 4, row)
    const [, file, name] = /^`(test\/[^`]+\.test\.ts)`: (.+) \|$/.exec(cells[3] as string) ?? []
    t.ok(file && name, `names a test: ${cells[3]}`)
    if (file === undefined || name === undefined) continue
    const source = read(file)
    const isThere = ["'", '"', '`'].some((quote) => source.includes(quote + name + quote))
    t.ok(isThere, `${file}: ${name}`)
  }
})
