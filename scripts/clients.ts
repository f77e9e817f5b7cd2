/**
 * `npm run clients`: makes clients of openapi/openapi.json by the generators that companies use, compiles each with its
 * program of clients/, and has that make refunds of a gateway on this machine. A toolchain that is absent is skipped.
 * Some only: `npm run clients -- go python`. Generators and libraries come from the languages' own registries.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { pino } from 'pino'
import { readConfig } from '../src/config/read-config.ts'
import { type Gateway, startGateway } from '../src/gateway.ts'
import { buildSandbox } from '../src/sandbox/app.ts'
import { apiKey } from '../test/support/keys.ts'

/** A first run fetches compilers and libraries, which takes minutes. */
const STEP_LIMIT_MS = 900_000

/** How one client is made; each step is a line for the shell, in a folder of its own. */
type Client = Readonly<{
  /** The folder of its program. */
  name: string
  generator: string
  /** Each succeeds where the toolchain is there. */
  needs: readonly string[]
  generate: string
  /** Where among the generated files its program goes. */
  programTo: string
  compile: string
  run: string
}>

const STEPS = ['generate', 'compile', 'run'] as const
type Step = (typeof STEPS)[number]
type Result = Readonly<{ client: Client; skippedFor?: string; failedAt?: Step }>

/** What every program prints of its refunds: name, status, and what its client read in the answer. */
const EXPECTED = [
  'full 201 succeeded full 50000 50000 null',
  'partial 201 succeeded partial 3000000000 3000000000 null',
  'replayed 201 true true',
  'refused 422 not_eligible fix_request method_not_refundable',
  'declined 422 provider_declined new_key failed',
  'unknown 202 unknown same_key null',
  'read 200 true',
].join('\n')

const MAVEN = 'mvn -q -B'
const OPENAPI_GENERATOR = 'org.openapitools:openapi-generator-cli:7.14.0'
const FETCH_GENERATOR = `${MAVEN} dependency:copy -Dartifact=${OPENAPI_GENERATOR} -DoutputDirectory=. -Dmdep.stripVersion`
const GENERATE = 'java -jar ../openapi-generator-cli.jar generate -i "$DOCUMENT"'
const JVM = ['java -version', 'mvn -version']
const RUN_JVM = `${MAVEN} org.codehaus.mojo:exec-maven-plugin:3.5.0:java -Dexec.mainClass`
const COMPILE_GO = 'go mod tidy && go vet ./refunds && go build -o refunds.bin ./refunds'
const RUN_GO = './refunds.bin'
const TYPESCRIPT = `ln -s "$REPOSITORY/node_modules" . && echo '{"type":"module"}' > package.json`
const TSC = 'node_modules/.bin/tsc --noEmit --strict --skipLibCheck --target es2023'
const RUN_TYPESCRIPT = 'node --import tsx refunds.ts'

const CLIENTS: readonly Client[] = [
  {
    name: 'java',
    generator: 'OpenAPI Generator, native',
    needs: JVM,
    generate: `${GENERATE} -g java --library native -o .`,
    programTo: 'src/main/java',
    compile: `${MAVEN} compile`,
    run: `${RUN_JVM}=Refunds`,
  },
  {
    name: 'kotlin',
    generator: 'OpenAPI Generator, jvm-okhttp4',
    needs: JVM,
    generate: `${GENERATE} -g kotlin --library jvm-okhttp4 -o .`,
    programTo: '.',
    compile: `mv Refunds.kt src/main/kotlin && ${MAVEN} compile`,
    run: `${RUN_JVM}=RefundsKt`,
  },
  {
    name: 'python',
    generator: 'OpenAPI Generator',
    needs: [...JVM, 'python3 -c "import ensurepip"'],
    generate: `${GENERATE} -g python -o .`,
    programTo: '.',
    compile:
      'python3 -m venv .venv && .venv/bin/pip install -q . && python3 -m compileall -q openapi_client refunds.py',
    run: '.venv/bin/python refunds.py',
  },
  {
    name: 'go',
    generator: 'OpenAPI Generator',
    needs: [...JVM, 'go version'],
    generate: `${GENERATE} -g go -o . --additional-properties=packageName=gateway,withGoMod=false && rm -rf test && go mod init example.com/client`,
    programTo: 'refunds',
    compile: COMPILE_GO,
    run: RUN_GO,
  },
  {
    name: 'go-ogen',
    generator: 'ogen',
    needs: ['go version'],
    generate:
      'go mod init example.com/client && go get -tool github.com/ogen-go/ogen/cmd/ogen@v1.24.0 && go tool ogen --target gateway --package gateway "$DOCUMENT"',
    programTo: 'refunds',
    compile: COMPILE_GO,
    run: RUN_GO,
  },
  {
    name: 'go-oapi-codegen',
    generator: 'oapi-codegen',
    needs: ['go version'],
    generate:
      'mkdir gateway && go mod init example.com/client && go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -generate types,client -package gateway -o gateway/gateway.go "$DOCUMENT"',
    programTo: 'refunds',
    compile: COMPILE_GO,
    run: RUN_GO,
  },
  {
    name: 'typescript',
    generator: 'openapi-typescript',
    needs: ['node --version'],
    generate: `${TYPESCRIPT} && node_modules/.bin/openapi-typescript "$DOCUMENT" -o gateway.ts`,
    programTo: '.',
    compile: `${TSC} --module nodenext --allowImportingTsExtensions --types node refunds.ts`,
    run: RUN_TYPESCRIPT,
  },
  {
    name: 'typescript-fetch',
    generator: 'OpenAPI Generator, fetch',
    needs: JVM,
    generate: `${TYPESCRIPT} && ${GENERATE} -g typescript-fetch -o gateway`,
    programTo: '.',
    compile: `${TSC} --module esnext --moduleResolution bundler --types node refunds.ts`,
    run: RUN_TYPESCRIPT,
  },
]

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !CLIENTS.some((client) => client.name === name))
if (unknown.length > 0) {
  process.stderr.write(
    `No such client: ${unknown}. There are ${CLIENTS.map(({ name }) => name).join(', ')}.\n`,
  )
  process.exit(2)
}
const results = await tryClients(CLIENTS.filter(({ name }) => asked.length === 0 || asked.includes(name)))
for (const result of results) print(rowOf(result))
process.exitCode = results.some(({ failedAt }) => failedAt !== undefined) ? 1 : 0

async function tryClients(clients: readonly Client[]): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'refund-gateway-clients-'))
  const sandbox = buildSandbox({ tokenLifetimeMs: 3_600_000, slowMs: 200 })
  try {
    const gateway = await startGatewayBefore(await sandbox.listen({ host: '127.0.0.1', port: 0 }), folder)
    const results: Result[] = []
    for (const client of clients) results.push(await tryClient(client, folder, gateway.url))
    await gateway.close()
    return results
  } finally {
    await sandbox.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function startGatewayBefore(provider: string, folder: string): Promise<Gateway> {
  const config = readConfig({
    PORT: '0',
    COOKIEPAY_BASE_URL: provider,
    COOKIEPAY_ID: 'demo',
    COOKIEPAY_KEY: 'demo-key',
    COOKIEPAY_PG: 'toss',
    API_KEYS: apiKey('clients', 'key', 'create+read'),
    DATA_DIR: join(folder, 'data'),
  })
  return startGateway(config, pino({ level: 'error' }))
}

async function tryClient(client: Client, root: string, url: string): Promise<Result> {
  for (const need of client.needs) {
    if ((await shell(need, root)).status !== 0) return { client, skippedFor: need }
  }
  if (client.generate.includes(GENERATE)) {
    const fetched = await shell(`[ -e openapi-generator-cli.jar ] || ${FETCH_GENERATOR}`, root)
    if (fetched.status !== 0) return failed(client, 'generate', fetched.output)
  }
  const folder = join(root, client.name)
  await mkdir(folder)
  const env = { GATEWAY_URL: url, GATEWAY_KEY: 'key', CLIENT_NAME: client.name }
  for (const step of STEPS) {
    print(`${client.name}: ${step}`)
    if (step === 'compile') {
      await cp(join(REPOSITORY, 'clients', client.name), join(folder, client.programTo), { recursive: true })
    }
    const { status, output } = await shell(client[step], folder, env)
    if (status !== 0 || (step === 'run' && output !== EXPECTED)) return failed(client, step, output)
  }
  return { client }
}

function failed(client: Client, failedAt: Step, output: string): Result {
  print(`${client.name} failed to ${failedAt}:\n${output.slice(-5_000)}`)
  return { client, failedAt }
}

async function shell(line: string, folder: string, env: NodeJS.ProcessEnv = {}) {
  const document = join(REPOSITORY, 'openapi/openapi.json')
  const child = spawn(line, {
    cwd: folder,
    env: { ...process.env, REPOSITORY, DOCUMENT: document, ...env },
    shell: true,
    timeout: STEP_LIMIT_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  child.stderr.on('data', (chunk) => chunks.push(chunk))
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, output: stripVTControlCharacters(Buffer.concat(chunks).toString()).trim() }
}

function rowOf({ client, skippedFor, failedAt }: Result): string {
  const name = `${client.name} (${client.generator})`.padEnd(46)
  if (skippedFor !== undefined) return `${name}skipped: "${skippedFor}" does not work here`
  const failedStep = failedAt === undefined ? STEPS.length : STEPS.indexOf(failedAt)
  const [generated, compiled, ran] = STEPS.map((_, index) =>
    index < failedStep ? 'yes' : index === failedStep ? 'NO' : '-',
  )
  return `${name}generated: ${generated}   compiled: ${compiled}   ran: ${ran}`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
