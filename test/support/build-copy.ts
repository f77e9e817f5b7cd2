import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Replaces a text that a file of `src` holds exactly once. */
export type Edit = Readonly<{ file: string; find: string; replace: string }>

const COMPILER_OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  rewriteRelativeImportExtensions: true,
  verbatimModuleSyntax: true,
}

/**
 * Puts a copy of `src` into the directory as JavaScript, with the edits made: a process of it starts in half
 * the time of one that compiles itself. Throws where an edit does not find its text exactly once.
 */
export async function buildCopy(directory: string, edits: readonly Edit[] = []): Promise<void> {
  const source = join(ROOT, 'src')
  const names = (await readdir(source, { recursive: true })).filter((name) =>
    /(?<!\.d)\.ts$|\.lua$|^console\/static\/.*\.\w+$/.test(name),
  )
  const unknown = edits.find(({ file }) => !names.includes(file))
  if (unknown !== undefined) throw new Error(`there is no src/${unknown.file}`)

  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'package.json'), '{"type":"module"}')
  // Within the project its packages are found, and the link would hide them from who traces what is required.
  if (!directory.startsWith(ROOT)) await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  for (const name of names) {
    const path = join(directory, name)
    await mkdir(dirname(path), { recursive: true })
    const ownEdits = edits.filter(({ file }) => file === name)
    if (!name.endsWith('.ts') && ownEdits.length === 0) {
      await cp(join(source, name), path)
      continue
    }
    const text = ownEdits.reduce(edited, await readFile(join(source, name), 'utf8'))
    if (!name.endsWith('.ts')) await writeFile(path, text)
    else
      await writeFile(
        path.replace(/\.ts$/, '.js'),
        ts.transpileModule(text, { compilerOptions: COMPILER_OPTIONS, fileName: path }).outputText,
      )
  }
}

/** Puts a copy of the project into the directory, as far as its tests need it, with the edits made. */
export async function copyProject(directory: string, edits: readonly Edit[]): Promise<void> {
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', 'src', 'test', 'openapi']) {
    await cp(join(ROOT, name), join(directory, name), { recursive: true })
  }
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  for (const edit of edits) {
    const path = join(directory, 'src', edit.file)
    await writeFile(path, edited(await readFile(path, 'utf8'), edit))
  }
}

function edited(text: string, { file, find, replace }: Edit): string {
  const count = text.split(find).length - 1
  if (count !== 1) throw new Error(`src/${file} holds ${count} times, not once: ${find}`)
  return text.replace(find, () => replace)
}
