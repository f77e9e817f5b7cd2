import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'

const ROOT = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')

/** As GitHub makes them of headings. */
function anchorsOf(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

const decisions = readdirSync(new URL('docs/decisions/', ROOT)).map((name) => `docs/decisions/${name}`)

t.test('the links of what operators read lead somewhere', async (t) => {
  const pages = [
    ...['CHANGELOG.md', 'SECURITY.md', 'docs/operating.md', 'docs/ko/operating.md', 'docs/provider.md'],
    ...['docs/security.md', ...decisions],
  ]
  for (const page of pages) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const path = file === '' ? page : new URL(file, new URL(page, ROOT)).href.slice(ROOT.href.length)
      t.doesNotThrow(() => read(path), `${page}: ${target}`)
      if (anchor !== undefined) t.ok(anchorsOf(path).includes(anchor), `${page}: ${target}: the section`)
    }
  }
})

t.test('each decision is in their list', async (t) => {
  const listed = [...read('docs/decisions/README.md').matchAll(/\]\((\d{4}-[^)]+)\)/g)].map(
    ([, file]) => `docs/decisions/${file}`,
  )
  t.strictSame(listed, decisions.filter((path) => !path.endsWith('README.md')).sort())
})
