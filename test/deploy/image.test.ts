import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { PACKAGED_FILES } from '../../src/console/files.ts'

const ROOT = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')

type Package = Readonly<{ version: string; dev?: boolean; integrity?: string }>
type Component = Readonly<{
  name: string
  version: string
  licenses?: readonly unknown[]
  hashes?: readonly Readonly<{ alg: string; content: string }>[]
}>

const manifest = JSON.parse(read('package.json')) as Record<
  'dependencies' | 'optionalDependencies' | 'devDependencies',
  Record<string, string>
>

t.test('the bill of materials names every package of production, and no other', async (t) => {
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Package> }
  const expected = Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { version, integrity = '' }]) => {
      const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
      const sha512 = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')
      return `${name} ${version} ${sha512}`
    })
  const dir = t.testdir({})
  const write = async (name: string) => {
    const file = join(dir, name)
    await promisify(execFile)('npm', ['run', '--silent', 'sbom', '--', file], { cwd: ROOT })
    return readFileSync(file, 'utf8')
  }
  const text = await write('first.json')
  const { components, bomFormat, metadata } = JSON.parse(text) as {
    components: Component[]
    bomFormat: string
    metadata: { component: { name: string } }
  }
  t.equal(bomFormat, 'CycloneDX')
  t.equal(metadata.component.name, 'cookiepay-refund-gateway')
  const named = components.map(({ name, version, hashes }) => `${name} ${version} ${hashes?.[0]?.content}`)
  t.strictSame([...new Set(named)].sort(), [...new Set(expected)].sort())
  for (const { name, licenses } of components) t.ok(licenses?.length, `${name} has a licence`)
  t.equal(await write('second.json'), text, 'the same lock file, the same bill')
})

t.test('each production dependency is listed with its reason', async (t) => {
  const [, always = '', optional = ''] = read('docs/dependencies.md').split(/^## .+$/m)
  const rows = (section: string) =>
    [...section.matchAll(/^\| `([^`]+)` +\| *(.*?) *\|/gm)].map(([, name = '', reason = '']) => ({
      name,
      reason,
    }))
  const listed = { dependencies: rows(always), optionalDependencies: rows(optional) }
  for (const kind of ['dependencies', 'optionalDependencies'] as const) {
    t.strictSame(listed[kind].map(({ name }) => name).sort(), Object.keys(manifest[kind]).sort(), kind)
    for (const { name, reason } of listed[kind]) t.ok(reason.length > 10, `${name}: ${reason}`)
  }
})

t.test('what is imported is what is listed', async (t) => {
  const imported = new Set<string>()
  const files = readdirSync(new URL('src/', ROOT), { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((name) => name.endsWith('.ts'))) {
    for (const [, name = ''] of read(`src/${file}`).matchAll(/\bfrom '((?!node:|\.)[^']+)'/g)) {
      imported.add(name.split('/', name.startsWith('@') ? 2 : 1).join('/'))
    }
  }
  for (const module of Object.values(PACKAGED_FILES)) imported.add(module.split('/')[0] as string)
  const declared = { ...manifest.dependencies, ...manifest.optionalDependencies }
  t.strictSame([...imported].sort(), Object.keys(declared).sort())
})

t.test('the image is made of the lock file, without scripts, root or a key', async (t) => {
  const dockerfile = read('Dockerfile')
  const installs = dockerfile.match(/^.*\bnpm (ci|i|install)\b.*$/gm) ?? []
  t.equal(installs.length, 2)
  for (const install of installs) t.match(install, /npm ci .*--ignore-scripts/)
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
  t.match(last, /^USER [1-9]\d*(:\d+)?$/m, 'a number that is not root')
  t.match(last, /^HEALTHCHECK /m)
  t.match(last, /sbom\.cdx\.json/)
  for (const label of ['title', 'description', 'version', 'revision', 'source']) {
    t.ok(last.includes(`org.opencontainers.image.${label}=`), label)
  }
  t.notMatch(dockerfile, /:latest|ADD |API_KEYS=|STORE_SECRETS=|COOKIEPAY_KEY=/)
})
