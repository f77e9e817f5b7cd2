import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory for logs and data that goes with this process. */
export function createWorkDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'refund-gateway-bench-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  return directory
}
