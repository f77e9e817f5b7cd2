import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const BUILDS = join(ROOT, '.tap', 'built')
const OLD_AFTER_MS = 3_600_000

/**
 * How a program of `src/` is started as the image starts it, from JavaScript: in half the time of one that
 * translates itself. `env -u` takes away what the test runner would load into it.
 */
export async function built(program: string): Promise<readonly string[]> {
  return ['env', '-u', 'NODE_OPTIONS', process.execPath, fileURLToPath(await builtModule(program))]
}

/** The URL of a module of `src/` as JavaScript, for a process that imports nothing else of the project. */
export async function builtModule(file: string): Promise<string> {
  directory ??= build()
  return pathToFileURL(join(await directory, 'dist', file.replace(/\.ts$/, '.js'))).href
}

let directory: Promise<string> | undefined

/** Makes the build of the sources as they are, or finds it made. Resolves to its directory. */
async function build(): Promise<string> {
  const path = join(BUILDS, await fingerprintOfSources())
  if (await exists(path)) return path
  await mkdir(BUILDS, { recursive: true })
  await removeOld()
  // The compiler takes longer to load than most programs take to run.
  const { buildCopy } = await import('./build-copy.ts')
  const unfinished = await mkdtemp(join(BUILDS, 'unfinished-'))
  await cp(join(ROOT, 'package.json'), join(unfinished, 'package.json'))
  await buildCopy(join(unfinished, 'dist'))
  // Another test may have made the same one meanwhile.
  await rename(unfinished, path).catch(async (error) => {
    if (!(await exists(path))) throw error
    await rm(unfinished, { recursive: true })
  })
  return path
}

async function fingerprintOfSources(): Promise<string> {
  const hash = createHash('sha256')
  const source = join(ROOT, 'src')
  for (const name of (await readdir(source, { recursive: true })).sort()) {
    if (/\.(ts|lua|js|css|html|svg)$/.test(name))
      hash.update(`${name}\n`).update(await readFile(join(source, name)))
  }
  return hash
    .update(await readFile(join(ROOT, 'package.json')))
    .digest('hex')
    .slice(0, 16)
}

/** A build that is young may be in use by a run of an older source. */
async function removeOld(): Promise<void> {
  for (const name of await readdir(BUILDS)) {
    const path = join(BUILDS, name)
    if (Date.now() - (await stat(path)).mtimeMs > OLD_AFTER_MS)
      await rm(path, { recursive: true, force: true })
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
