// Writes what the image holds of npm packages as CycloneDX, to standard output or the file that is named.
//   npm run sbom [-- <file>]

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = new URL('../', import.meta.url)

type Package = Readonly<{ dev?: boolean; devDependencies?: unknown }>

/**
 * The lock file and package.json without what is for development. `npm sbom --omit=dev` leaves out every package
 * that development needs as well, such as semver (npm 11.19), and so would name a tenth too few.
 */
function writeProductionLock(directory: string): void {
  const readJson = (name: string) => JSON.parse(readFileSync(new URL(name, ROOT), 'utf8'))
  const { devDependencies: _, ...manifest } = readJson('package.json')
  const lock = readJson('package-lock.json')
  const packages = Object.entries<Package>(lock.packages)
    .filter(([, { dev }]) => !dev)
    .map(([path, { devDependencies: _, ...entry }]) => [path, entry])
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest))
  writeFileSync(
    join(directory, 'package-lock.json'),
    JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }),
  )
}

/** The same for the same lock file: without the number and the time that npm gives each. */
function billOfMaterials(): string {
  const directory = mkdtempSync(join(tmpdir(), 'refund-gateway-'))
  try {
    writeProductionLock(directory)
    const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--sbom-type=application']
    const text = execFileSync('npm', args, {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const { serialNumber: _, ...bill } = JSON.parse(text)
    delete bill.metadata.timestamp
    // npm names it by its folder.
    bill.metadata.component.name = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')).name
    return `${JSON.stringify(bill, null, 2)}\n`
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const [file] = process.argv.slice(2)
if (file === undefined) process.stdout.write(billOfMaterials())
else writeFileSync(file, billOfMaterials())
