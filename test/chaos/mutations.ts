// node --import tsx test/chaos/mutations.ts [--only TEXT] [--seed S]
// Breaks the gateway on purpose, one way at a time, and shows that a short run of the same chaos, or a test, notices it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { copyProject } from '../support/build-copy.ts'
import { runChaos } from './chaos.ts'
import { MUTANTS, type Mutant } from './mutants.ts'
import { INVARIANTS, type Invariant, type Violation } from './violations.ts'

/** The first round is enough for most; what takes a long pause at a certain moment gets longer ones. */
const ROUNDS_MS = [8_000, 30_000, 30_000, 30_000, 30_000]
const REFUNDS_PER_SECOND = 60

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, seed: { type: 'string', default: '1' } },
})

const TEST_TIMEOUT_SECONDS = '400'

type Catch = Readonly<{ by: string; seconds: number }>

const print = (line: string) => process.stdout.write(`${line}\n`)
const caught: Catch[] = []
const mutants = MUTANTS.filter(({ name }) => name.includes(values.only))
for (const mutant of mutants) {
  const found = await hunt(mutant)
  print(row(mutant.name, found))
  if (found !== null) caught.push(found)
}
print(`${caught.length} of ${mutants.length} mutations caught`)
process.exitCode = caught.length === mutants.length ? 0 : 1

/** Runs until there is a violation, or the rounds are over. */
async function hunt(mutant: Mutant): Promise<Catch | null> {
  const startedAt = performance.now()
  const caught = (by: string): Catch => ({ by, seconds: Math.round((performance.now() - startedAt) / 1_000) })
  if (mutant.test !== undefined) return (await fails(mutant, mutant.test)) ? caught(mutant.test) : null
  for (const [round, durationMs] of ROUNDS_MS.entries()) {
    const { violations } = await runChaos({
      seed: Number(values.seed) + round,
      durationMs,
      refundsPerSecond: REFUNDS_PER_SECOND,
      waitForLookups: false,
      stopsAtViolation: true,
      edits: mutant.edits,
    })
    if (violations.length > 0) return caught(namesOf(violations))
  }
  return null
}

/** Whether a test fails in a copy of the project that is so broken. */
async function fails({ edits }: Mutant, test: string): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'refund-gateway-mutant-'))
  try {
    await copyProject(directory, edits)
    // Else a test that takes long counts as one that fails.
    const env = { ...process.env, TAP_TIMEOUT: TEST_TIMEOUT_SECONDS }
    const child = spawn(process.execPath, ['--import', 'tsx', test], { cwd: directory, env, stdio: 'ignore' })
    const [code] = await once(child, 'exit')
    return code !== 0
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The violated invariants, the most often violated first. */
function namesOf(violations: readonly Violation[]): string {
  const counts = (Object.keys(INVARIANTS) as Invariant[])
    .map((name) => ({ name, count: violations.filter(({ invariant }) => invariant === name).length }))
    .filter(({ count }) => count > 0)
    .sort((one, other) => other.count - one.count)
  return counts.map(({ name, count }) => `${name} ${count}`).join(', ')
}

function row(name: string, found: Catch | null): string {
  const result = found === null ? 'NOT CAUGHT' : `caught after ${found.seconds} s by ${found.by}`
  return `${name.padEnd(60)} ${result}`
}
