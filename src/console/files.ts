import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

/** A file of the page, as it is sent. */
export type ConsoleFile = Readonly<{
  /** Its `Content-Type`. */
  type: string
  content: Buffer
  gzipped: Buffer
  /** A strong validator, quoted: of the content. */
  etag: string
}>

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const

/** The page itself; every other file is below it. */
export const PAGE = 'index.html'

/** Everything that is served of `static/`. What is not named here cannot be asked for. */
const OWN_FILES = [
  PAGE,
  'app.js',
  'bar.js',
  'console.css',
  'curve.js',
  'favicon.svg',
  'fields.js',
  'finding.js',
  'format.js',
  'gateway.js',
  'outside-form.js',
  'parts.js',
  'reading.js',
  'refund-table.js',
  'resolve-form.js',
  'rules.js',
  'session.js',
  'texts.js',
  'ui.js',
  'screens/desk.js',
  'screens/find.js',
  'screens/payment.js',
  'screens/refund.js',
  'screens/sign-in.js',
  'screens/state.js',
  'screens/today.js',
  'screens/unknown.js',
] as const

/**
 * Modules of packages, as they are published. A browser cannot find one by its package's name without an import map, a
 * script within the page that its policy forbids; so the one name that is imported is replaced by a path.
 */
export const PACKAGED_FILES = {
  'preact.js': 'preact',
  'hooks.js': 'preact/hooks',
  'htm.js': 'htm',
} as const

const ALL_IMPORTS_OF_PREACT = /(?<=\bfrom\s*)"preact"/g

/** It would have developer tools ask for a file that is not served. */
const SOURCE_MAP = /\n\/\/# sourceMappingURL=.*\n?$/

/** The page's files by their paths below it, read and packed once. Throws where one is missing. */
export function readConsoleFiles(): ReadonlyMap<string, ConsoleFile> {
  const own = OWN_FILES.map(
    (name) => [name, readFileSync(new URL(`static/${name}`, import.meta.url))] as const,
  )
  const packaged = Object.entries(PACKAGED_FILES).map(([name, module]) => {
    const text = readFileSync(fileURLToPath(import.meta.resolve(module)), 'utf8')
    const served = text.replace(ALL_IMPORTS_OF_PREACT, '"./preact.js"').replace(SOURCE_MAP, '\n')
    return [name, Buffer.from(served)] as const
  })
  return new Map([...own, ...packaged].map(([name, content]) => [name, consoleFile(name, content)]))
}

function consoleFile(name: string, content: Buffer): ConsoleFile {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES]
  const digest = createHash('sha256').update(content).digest('base64url')
  return { type, content, gzipped: gzipSync(content, { level: 9 }), etag: `"${digest}"` }
}
