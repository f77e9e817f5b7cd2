/** The Markdown of this repository, and where in it the generated tables stand. */
import { readdirSync, readFileSync } from 'node:fs'
import { TABLES } from './tables.ts'
import { type Language, languageOf } from './words.ts'

const ROOT = new URL('../../', import.meta.url)

/** A table between its markers. What is written by hand around them stays. */
const GENERATED = /(<!-- generated: ([a-z-]+) -->\n)([\s\S]*?)(<!-- \/generated -->)/g

export function urlOf(path: string): URL {
  return new URL(path, ROOT)
}

/** The text of a page, by its path from the root of the repository. */
export function pageText(path: string): string {
  return readFileSync(urlOf(path), 'utf8')
}

/** Every Markdown file that is a document: those of the root, of `docs/`, and a folder's README in `src/` or `test/`. */
export function markdownPages(): string[] {
  const inRoot = readdirSync(ROOT).filter((name) => name.endsWith('.md'))
  const below = ['docs/', 'src/', 'test/'].flatMap((folder) =>
    readdirSync(urlOf(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => folder + name),
  )
  return [...inRoot, ...below].sort()
}

/** The page with each of its generated tables made anew, in the language of the page. */
export function regenerated(path: string, text: string): string {
  const language = languageOf(path)
  return text.replace(GENERATED, (_whole, start: string, name: string, _old: string, end: string) => {
    return `${start}\n${tableOf(name, language)}\n\n${end}`
  })
}

/** The page without its generated tables; as many lines as before, so that a line can be named. */
export function handWritten(text: string): string {
  return text.replace(GENERATED, (whole) => whole.replace(/[^\n]/g, ''))
}

function tableOf(name: string, language: Language): string {
  const table = TABLES[name]
  if (table === undefined)
    throw new Error(`There is no table ${name}; there are ${Object.keys(TABLES).join(', ')}`)
  return table(language)
}
