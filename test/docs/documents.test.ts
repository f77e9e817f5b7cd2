import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import t from 'tap'
import { KOREAN } from '../../scripts/docs/korean.ts'
import { handWritten, markdownPages, pageText, regenerated } from '../../scripts/docs/pages.ts'
import { TABLES } from '../../scripts/docs/tables.ts'

const ROOT = new URL('../../', import.meta.url)
const MOST_COLUMNS = 100
const README_LINES = 120

/** Tables of figures, packages, threats and sources: as lists they would say less. */
const WIDE_TABLES = ['docs/dependencies.md', 'docs/performance.md', 'docs/provider.md', 'docs/security.md']

/** A line that is pasted whole, and that a test reads. */
const PASTED = /^ {4}ACL SETUSER /

/** Files whose comments and texts may send a reader to a document. */
const CITING = ['src/', 'scripts/', 'test/', 'bench/', 'deploy/'].flatMap((folder) =>
  readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs|lua|yaml)$/.test(name) && !/(^|\/)(node_modules|dist)\//.test(name))
    .map((name) => folder + name),
)

const pages = markdownPages()

/** The text outside of code blocks, which hold comments and shell that look like headings and links. */
function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '').replace(/^ {4,}(?![-*]|\d+\.).*$/gm, '')
}

/** What GitHub makes of each heading of the page; the second of a name gets `-1`, and so on. */
function anchorsOf(path: string): string[] {
  const seen = new Map<string, number>()
  return headingsOf(path).map((title) => {
    const anchor = title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    const before = seen.get(anchor) ?? 0
    seen.set(anchor, before + 1)
    return before === 0 ? anchor : `${anchor}-${before}`
  })
}

function headingsOf(path: string): string[] {
  return [...prose(pageText(path)).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title)
}

/** The columns of a line on a terminal, where Hangul takes two. */
function columns(line: string): number {
  const wide = line.match(
    /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60]/gu,
  )
  return [...line].length + (wide?.length ?? 0)
}

/** Where a path leads from a page or from the root; null: out of the repository. */
function resolved(target: string, from: string): string | null {
  const { href } = new URL(target, new URL(from, ROOT))
  return href.startsWith(ROOT.href) ? decodeURIComponent(href.slice(ROOT.href.length)) : null
}

t.test('generated tables are as npm run docs would write them', async (t) => {
  const used = new Set<string>()
  for (const path of pages) {
    const text = pageText(path)
    for (const [, name = ''] of text.matchAll(/<!-- generated: ([a-z-]+) -->/g)) used.add(name)
    const opened = text.match(/<!-- generated: /g)?.length ?? 0
    t.equal(text.match(/<!-- \/generated -->/g)?.length ?? 0, opened, `${path}: each marker has its end`)
    t.equal(regenerated(path, text), text, path)
  }
  t.strictSame([...used].sort(), Object.keys(TABLES).sort(), 'each table is in some document')
})

t.test('the Korean of the tables has nothing left over', async (t) => {
  const korean = Object.values(TABLES).map((table) => table('korean'))
  const english = Object.values(TABLES).map((table) => table('english'))
  for (const [text, translation] of Object.entries(KOREAN)) {
    const cell = (words: string) => words.replaceAll('|', '\\|')
    t.ok(
      english.some((table) => table.includes(cell(text))),
      `is translated: ${text}`,
    )
    t.ok(
      korean.some((table) => table.includes(cell(translation))),
      `is used: ${translation}`,
    )
  }
})

t.test('links and anchors lead somewhere', async (t) => {
  let links = 0
  for (const path of pages) {
    for (const [, target = ''] of prose(pageText(path)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      links++
      const [file = '', anchor] = target.split('#')
      const found = file === '' ? path : resolved(file, path)
      if (found === null || !existsSync(new URL(found, ROOT))) {
        t.fail(`${path}: ${target}: no such file`)
      } else if (anchor !== undefined && found.endsWith('.md')) {
        t.ok(anchorsOf(found).includes(decodeURIComponent(anchor)), `${path}: ${target}: the heading`)
      }
    }
  }
  t.ok(links >= 60, `${links} links`)
})

t.test('lines are short enough to read', async (t) => {
  for (const path of pages) {
    // What the benches write stands between markers, too.
    const text = handWritten(pageText(path)).replace(
      /<!-- (bench|bench-node-26|scale|soak) -->[\s\S]*?<!-- \/\1 -->/g,
      (part) => part.replace(/[^\n]/g, ''),
    )
    const long = text.split('\n').flatMap((line, index) => {
      const mayBeLong = PASTED.test(line) || (line.startsWith('|') && WIDE_TABLES.includes(path))
      const isLong = columns(line.replace(/https?:\/\/\S+/g, '')) > MOST_COLUMNS
      return isLong && !mayBeLong ? [`${path}:${index + 1}: ${columns(line)} columns`] : []
    })
    t.strictSame(long, [], path)
  }
  const lines = pageText('README.md').trimEnd().split('\n').length
  t.ok(lines <= README_LINES, `README.md has ${lines} lines`)
})

t.test('what documents name in the tree is there', async (t) => {
  const naming = pages.filter((path) => /^docs\/(architecture|glossary)\.md$|^CONTRIBUTING\.md$/.test(path))
  t.ok(naming.length >= 2)
  for (const path of naming) {
    const named = pageText(path).matchAll(/`((?:src|test|scripts|docs|bench|deploy|openapi)\/[^`\s*<>{}]*)`/g)
    for (const [, name = ''] of named) {
      const isThere = existsSync(new URL(name, ROOT))
      t.ok(isThere, `${path}: ${name}`)
      if (isThere && name.endsWith('/'))
        t.ok(statSync(new URL(name, ROOT)).isDirectory(), `${name} is a folder`)
    }
  }
})

t.test('comments cite headings that exist', async (t) => {
  for (const path of CITING) {
    const source = readFileSync(new URL(path, ROOT), 'utf8').replace(/\n\s*(?:\*|\/\/|--|#)? */g, ' ')
    for (const [, page = '', anchor] of source.matchAll(
      /\b(docs\/[a-z0-9/-]+\.md)(?:#([\p{L}\p{N}_-]+))?/gu,
    )) {
      if (!existsSync(new URL(page, ROOT))) t.fail(`${path}: there is no ${page}`)
      else if (anchor !== undefined) t.ok(anchorsOf(page).includes(anchor), `${path}: ${page}#${anchor}`)
    }
    for (const [, page = '', rest = ''] of source.matchAll(
      /\b(docs\/[a-z0-9/-]+\.md), "?([A-Z][^\n]{0,80})/g,
    )) {
      if (!existsSync(new URL(page, ROOT))) continue
      const heading = headingsOf(page).find((title) => rest.startsWith(title))
      t.ok(heading, `${path}: ${page}, ${rest.slice(0, 40)}`)
    }
  }
})

t.test('each decision is in their list', async (t) => {
  const listed = [...pageText('docs/decisions/README.md').matchAll(/\]\((\d{4}-[^)]+)\)/g)].map(
    ([, file]) => file,
  )
  const there = pages
    .filter((path) => /^docs\/decisions\/\d/.test(path))
    .map((path) => path.slice('docs/decisions/'.length))
  t.strictSame(listed, there)
})
