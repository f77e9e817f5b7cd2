// Runs TypeScript in the suite and in the processes that it starts: `node --import` this file. Each source is
// translated once and kept in node_modules/.cache, since a compiler in each process would cost more than most tests.

import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

const ROOT = new URL('../../', import.meta.url).href
const CACHE = new URL('node_modules/.cache/typescript/', ROOT)

const requireHere = createRequire(import.meta.url)
/** A translation of another compiler or of another form is none. */
const { version } = requireHere('typescript/package.json')
const FORM = `1 of TypeScript ${version}`

// Node.js 20 has no hooks of the same thread. There, this module is loaded once more in the thread of the hooks.
if (module.registerHooks !== undefined) module.registerHooks({ load })
else if (isMainThread) module.register(import.meta.url)

/** The hook of Node.js that finds a module's text: of the project's TypeScript, its translation. */
export function load(url, context, next) {
  const isOwn = url.startsWith(ROOT) && url.endsWith('.ts') && !url.includes('/node_modules/')
  if (!isOwn) return next(url, context)
  return { format: 'module', source: translationOf(url), shortCircuit: true }
}

/** One translation is kept for each file, which ends with what it was made from. */
function translationOf(url) {
  const source = readFileSync(fileURLToPath(url), 'utf8')
  const mark = `\n//# from ${createHash('sha256').update(FORM).update(source).digest('hex')}\n`
  const path = fileURLToPath(new URL(`${url.slice(ROOT.length)}.js`, CACHE))
  const kept = readIfThere(path)
  if (kept?.endsWith(mark)) return kept
  const translated = translate(source, fileURLToPath(url)) + mark
  mkdirSync(dirname(path), { recursive: true })
  // Another process may read or write it at this moment.
  writeFileSync(`${path}.${process.pid}`, translated)
  renameSync(`${path}.${process.pid}`, path)
  return translated
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function translate(source, fileName) {
  const ts = requireHere('typescript')
  const { outputText } = ts.transpileModule(source, {
    fileName,
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
      inlineSources: true,
    },
  })
  return outputText
}
