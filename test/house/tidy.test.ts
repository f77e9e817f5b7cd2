import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import ts from 'typescript'

const SOURCE = new URL('../../src/', import.meta.url)

/** What fits a screen. */
const MOST_LINES = 70
const LONGER = /^\/\/ Longer than a screen: \S/m

/** The story of one refund is read in one sitting. */
const FLOW = 'refunds/flows/request-refund.ts'
const FLOW_MOST_LINES = 400

const LOOSE = ['gateway.ts', 'server.ts']

type Room = Readonly<{
  /** Folders, which end in a slash, and files. The longest that fits a file decides where it belongs. */
  holds: readonly string[]
  /** Rooms, and single files of others. */
  imports: readonly string[]
  /** `x/*` stands for each package of a scope, `node:*` for each module of Node.js. */
  packages: readonly string[]
  /** Packages of which it knows the types alone. */
  typesOf?: readonly string[]
}>

/** Who may know whom. A room knows those below it and never one above. */
const ROOMS: Readonly<Record<string, Room>> = {
  assembly: {
    holds: ['server.ts', 'gateway.ts'],
    imports: [
      'process',
      'commands',
      'http app',
      'http routes',
      'http access',
      'jobs',
      'flows',
      'ports',
      'nouns',
      'store',
      'cookiepay',
      'webhooks',
      'observability',
      'config',
    ],
    packages: ['node:*', 'close-with-grace', 'pino'],
    typesOf: ['fastify'],
  },
  commands: {
    holds: ['commands/'],
    // Of HTTP it knows how a cell of a table is written.
    imports: ['http/refund-csv.ts', 'jobs', 'ports', 'nouns', 'store', 'cookiepay', 'config'],
    packages: ['node:*', 'cli-progress', 'csv-stringify/sync'],
  },
  process: {
    holds: ['process/'],
    imports: [
      'http routes',
      'http access',
      'jobs',
      'flows',
      'ports',
      'nouns',
      'store',
      'cookiepay',
      'webhooks',
      'observability',
      'config',
    ],
    packages: ['node:*'],
    typesOf: ['fastify'],
  },

  // The page speaks the HTTP interface alone; only its files are known.
  console: { holds: ['console/'], imports: [], packages: ['node:*'] },

  'http app': {
    holds: ['http/app.ts', 'http/operations-app.ts', 'http/openapi.ts', 'http/lazy-compilers.ts'],
    imports: [
      'http routes',
      'http access',
      'http problems',
      'http shared',
      'flows',
      'nouns',
      'observability',
      'config',
    ],
    packages: ['node:*', 'fastify', '@fastify/*', 'fastify-plugin'],
  },
  'http routes': {
    holds: ['http/routes/'],
    imports: [
      'http access',
      'http problems',
      'http shared',
      'console',
      'flows',
      'rules',
      'ports',
      'nouns',
      'observability',
      'config',
    ],
    packages: ['node:*', 'fastify', '@fastify/*', 'typebox'],
  },
  'http access': {
    holds: ['http/access/'],
    imports: ['http problems', 'http shared', 'nouns', 'observability', 'config'],
    packages: ['node:*', 'fastify', '@fastify/*', 'typebox'],
  },
  'http problems': {
    holds: ['http/problems/'],
    imports: ['http shared', 'ports', 'nouns'],
    packages: ['node:*', 'fastify', 'typebox'],
  },
  'http shared': {
    holds: ['http/'],
    imports: ['nouns', 'config'],
    packages: ['node:*', 'fastify', 'typebox', 'csv-stringify/sync'],
  },

  jobs: {
    holds: ['refunds/jobs/'],
    imports: ['flows', 'rules', 'ports', 'nouns'],
    packages: ['node:crypto', 'node:timers/promises', 'node:util'],
  },
  flows: { holds: ['refunds/flows/'], imports: ['rules', 'ports', 'nouns'], packages: ['node:crypto'] },
  rules: { holds: ['refunds/rules/'], imports: ['ports', 'nouns'], packages: ['node:crypto'] },
  ports: { holds: ['refunds/ports/'], imports: ['nouns'], packages: [] },
  nouns: { holds: ['refunds/'], imports: [], packages: ['node:crypto', 'typebox', 'safe-stable-stringify'] },

  store: {
    holds: ['store/'],
    // Of the provider's room it knows the TokenStore that is stated there.
    imports: ['ports', 'nouns', 'config', 'cookiepay/tokens.ts'],
    packages: ['node:*', 'ioredis', 'cluster-key-slot', 'typebox', 'typebox/value'],
  },
  cookiepay: {
    holds: ['cookiepay/'],
    imports: ['ports', 'nouns', 'config'],
    packages: ['node:*', 'undici', 'opossum', 'iconv-lite'],
  },
  webhooks: {
    holds: ['webhooks/'],
    imports: ['ports', 'nouns', 'config'],
    packages: ['node:*', 'undici', 'standardwebhooks'],
  },
  observability: {
    holds: ['observability/'],
    imports: ['ports', 'nouns', 'config'],
    packages: ['node:*', 'prom-client', '@fastify/otel', '@opentelemetry/*'],
    typesOf: ['fastify'],
  },
  config: { holds: ['config/'], imports: ['nouns'], packages: ['node:*'] },

  // An app of its own, which stands for the provider. It knows nothing of the gateway.
  sandbox: {
    holds: ['sandbox/'],
    imports: [],
    packages: ['node:*', 'fastify', '@fastify/*', 'typebox', 'iconv-lite'],
  },
}

type Import = Readonly<{ name: string; isTypeOnly: boolean }>

function parse(text: string, name = 'source.ts'): ts.SourceFile {
  return ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true)
}

/** What `import ... from`, `export ... from`, `import '...'`, `import('...')` and `require('...')` name. */
function importsOf(source: ts.SourceFile): Import[] {
  const found: Import[] = []
  const add = (node: ts.Node | undefined, isTypeOnly: boolean) => {
    if (node !== undefined && ts.isStringLiteralLike(node)) found.push({ name: node.text, isTypeOnly })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, node.importClause?.isTypeOnly === true)
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true)
    const calls = ts.isCallExpression(node) ? node.expression : undefined
    if (calls?.kind === ts.SyntaxKind.ImportKeyword || calls?.getText(source) === 'require') {
      add((node as ts.CallExpression).arguments[0], false)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

type LongFunction = Readonly<{ name: string; lines: number; hasReason: boolean }>

/** The functions that do not fit a screen, outermost ones: a function within another counts in it. */
function longFunctionsOf(source: ts.SourceFile): LongFunction[] {
  const found: LongFunction[] = []
  const lineOf = (position: number) => source.getLineAndCharacterOfPosition(position).line
  const visit = (node: ts.Node, statement: ts.Node): void => {
    const beginsAnew = ts.isStatement(node) || ts.isClassElement(node) || ts.isObjectLiteralElement(node)
    const nearest = beginsAnew ? node : statement
    if (!ts.isFunctionLike(node)) {
      ts.forEachChild(node, (child) => visit(child, nearest))
      return
    }
    const lines = lineOf(node.end) - lineOf(node.getStart(source)) + 1
    if (lines <= MOST_LINES) return
    const above = source.text.slice(nearest.pos, nearest.getStart(source))
    const name = nearest.getText(source).split('\n', 1)[0] as string
    found.push({ name, lines, hasReason: LONGER.test(above) })
  }
  ts.forEachChild(source, (child) => visit(child, child))
  return found
}

function roomOf(file: string): string {
  const fitting = Object.entries(ROOMS).flatMap(([room, { holds }]) =>
    holds
      .filter((held) => (held.endsWith('/') ? file.startsWith(held) : file === held))
      .map((held) => ({ room, held })),
  )
  const [best] = fitting.sort((one, other) => other.held.length - one.held.length)
  return best?.room ?? 'no room'
}

function isNamed(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  )
}

/** Whether the table lets this file import that. */
function mayImport(file: string, { name, isTypeOnly }: Import): boolean {
  const own = roomOf(file)
  const { imports = [], packages = [], typesOf = [] } = ROOMS[own] ?? {}
  if (!name.startsWith('.')) return isNamed(name, packages) || (isTypeOnly && isNamed(name, typesOf))
  const target = resolved(file, name)
  return roomOf(target) === own || imports.includes(roomOf(target)) || imports.includes(target)
}

function resolved(file: string, name: string): string {
  return posix.join(posix.dirname(file), name)
}

/** The first circle of files found, as a path that ends where it began; empty where there is none. */
function circleIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>()
  const walk = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return []
    for (const next of graph.get(file) ?? []) {
      const circle = walk(next, [...path, file])
      if (circle.length > 0) return circle
    }
    done.add(file)
    return []
  }
  for (const file of graph.keys()) {
    const circle = walk(file, [])
    if (circle.length > 0) return circle
  }
  return []
}

const names = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(ts|js)$/.test(name) && !name.endsWith('.d.ts'))
  .sort()
const files = names.map((name) => {
  const text = readFileSync(new URL(name, SOURCE), 'utf8')
  return { name, text, source: parse(text, name) }
})

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
    "type A = import('x').A",
  ]
  const named = (text: string) => importsOf(parse(text)).map(({ name }) => name)
  for (const form of forms) t.same(named(form), ['x'], form)
  t.same(named("// import 'x'\n/** from 'y'\n * import 'z' */"), [], 'but none in comments')
  const typed = importsOf(parse("import type { A } from 'x'\nimport { b } from 'y'"))
  t.same(
    typed.map(({ isTypeOnly }) => isTypeOnly),
    [true, false],
  )
})

t.test('finds a function that does not fit a screen, and the reason above it', async (t) => {
  const lines = (count: number) => 'x()\n'.repeat(count)
  const found = (text: string) =>
    longFunctionsOf(parse(text)).map(({ lines, hasReason }) => [lines, hasReason])
  t.same(found(`function f() {\n${lines(68)}}`), [])
  t.same(found(`function f() {\n${lines(69)}}`), [[71, false]])
  t.same(found(`/** What it does. */\n// Longer than a screen: a list.\nfunction f() {\n${lines(69)}}`), [
    [71, true],
  ])
  t.same(found(`const a = 1\n\nexport const f = () => {\n${lines(69)}}`), [[71, false]])
  t.same(found(`function f() {\n${lines(30)}function g() {\n${lines(30)}}\n${lines(10)}}`), [[74, false]])
  t.same(found(`const o = {\n// Longer than a screen: why not.\nf() {\n${lines(69)}} }`), [[71, true]])
  t.same(found(`class C {\nf() {\n${lines(69)}} }`), [[71, false]])
})

t.test('finds a circle', async (t) => {
  const graph = (pairs: readonly (readonly [string, readonly string[]])[]) => new Map(pairs)
  t.same(
    circleIn(
      graph([
        ['a', ['b', 'c']],
        ['b', ['c']],
        ['c', []],
      ]),
    ),
    [],
  )
  t.same(
    circleIn(
      graph([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    ),
    ['b', 'c', 'b'],
  )
})

t.test('the table holds what the house is built on', async (t) => {
  const rooms = Object.keys(ROOMS)
  for (const [room, { imports }] of Object.entries(ROOMS)) {
    for (const name of imports) t.ok(rooms.includes(name) || names.includes(name), `${room} knows ${name}`)
  }
  const graph = new Map(
    Object.entries(ROOMS).map(([room, { imports }]) => [
      room,
      imports.filter((name) => rooms.includes(name)),
    ]),
  )
  t.same(circleIn(graph), [], 'and no two rooms know each other')
})

t.test('nothing is loose in src/ but the process and the assembly', async (t) => {
  t.same(
    readdirSync(SOURCE, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .sort(),
    LOOSE,
  )
})

t.test('each room knows those below it, and its own packages', async (t) => {
  t.ok(files.length >= 80)
  for (const { name, source } of files) {
    t.not(roomOf(name), 'no room', `${name} has a room`)
    for (const imported of importsOf(source)) {
      t.ok(mayImport(name, imported), `${name} (${roomOf(name)}) imports ${imported.name}`)
    }
  }
})

t.test('no files import each other in a circle', async (t) => {
  const graph = new Map(
    files.map(({ name, source }) => [
      name,
      importsOf(source)
        .filter((imported) => imported.name.startsWith('.'))
        .map((imported) => resolved(name, imported.name)),
    ]),
  )
  t.same(circleIn(graph), [])
})

t.test('refunds/ reads neither the environment nor prints', async (t) => {
  for (const { name, text } of files) {
    if (name.startsWith('refunds/')) t.notMatch(text, /\bprocess\.|\bconsole\./, name)
  }
})

t.test('a function fits a screen, or says why it does not', async (t) => {
  for (const { name, source } of files) {
    const unexplained = longFunctionsOf(source).filter(({ hasReason }) => !hasReason)
    t.same(unexplained, [], name)
  }
})

t.test('the flow of a refund is read in one sitting', async (t) => {
  const flow = readFileSync(new URL(FLOW, SOURCE), 'utf8')
  const lines = flow.trimEnd().split('\n').length
  t.ok(lines <= FLOW_MOST_LINES, `${FLOW} has ${lines} lines of at most ${FLOW_MOST_LINES}`)
})
