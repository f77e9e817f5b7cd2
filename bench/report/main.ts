/** Draws what bench/results/ holds into docs/performance.md and docs/charts/; what is not there stays as it is. */
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { BenchResults } from '../results.ts'
import { benchSection } from './bench-section.ts'
import { replaceSection } from './markdown.ts'
import { scaleSection } from './scale-section.ts'
import type { Section } from './section.ts'
import { soakSection } from './soak-section.ts'

// Compiled, this is bench/dist/report/main.js.
const BENCH = fileURLToPath(new URL('../../', import.meta.url))
const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url))
const PAGE = `${DOCS}performance.md`

await mkdir(`${DOCS}charts`, { recursive: true })
let page = await readFile(PAGE, 'utf8')
await insert('bench-node-26', (results: BenchResults) => benchSection(results, 'bench-node-26'))
await insert('bench', (results: BenchResults) => benchSection(results, 'bench'))
await insert('scale', scaleSection)
await insert('soak', soakSection)
await writeFile(PAGE, page)

async function insert<Results>(name: string, section: (results: Results) => Promise<Section>): Promise<void> {
  const path = `${BENCH}results/${name}.json`
  if (!existsSync(path)) return
  const { text, charts } = await section(JSON.parse(await readFile(path, 'utf8')) as Results)
  page = replaceSection(page, name, text)
  for (const [file, svg] of Object.entries(charts)) await writeFile(`${DOCS}charts/${file}`, svg)
}
