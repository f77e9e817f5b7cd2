import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'

const ROOM = new URL('../../src/refunds/', import.meta.url)

/** All that the rules and the flow may know beyond their own room. */
const PACKAGES = ['typebox', 'safe-stable-stringify']

/** What `import ... from`, `export ... from`, `import '...'`, `import('...')` and `require('...')` name. */
function importedBy(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const imports = /\b(?:from|import|require)\s*\(?\s*(['"`])([^'"`]+)\1/g
  return [...code.matchAll(imports)].map((match) => match[2] as string)
}

t.test('finds every form of import', async (t) => {
  const forms = [
    "import a from 'x'",
    'import { a } from "x"',
    "import type { A } from 'x'",
    "import 'x'",
    "export * from 'x'",
    "const a = await import('x')",
    "const a = require('x')",
    "import {\n  a,\n  b,\n} from 'x'",
  ]
  for (const form of forms) t.same(importedBy(form), ['x'], form)
  t.same(importedBy("// import 'x'\n/** from 'y'\n * import 'z' */"), [], 'but none in comments')
})

t.test('refunds/ knows neither Fastify, Redis, undici nor another room', async (t) => {
  const files = readdirSync(ROOM, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  t.ok(files.length >= 8)
  for (const file of files) {
    for (const name of importedBy(readFileSync(new URL(file, ROOM), 'utf8'))) {
      const isInRoom = name.startsWith('.') && new URL(name, new URL(file, ROOM)).href.startsWith(ROOM.href)
      const isPure = name === 'node:crypto'
      t.ok(isInRoom || isPure || PACKAGES.includes(name), `${file} imports ${name}`)
    }
  }
})

t.test('refunds/ reads neither the environment nor prints', async (t) => {
  for (const file of readdirSync(ROOM, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue
    t.notMatch(readFileSync(new URL(file, ROOM), 'utf8'), /\bprocess\.|\bconsole\./, file)
  }
})
