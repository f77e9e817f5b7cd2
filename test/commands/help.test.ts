import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { built } from '../support/built.ts'

const ROOT = new URL('../../', import.meta.url)

/** What a wrong use ends with, where that is not 1: of reconcile, 1 says that something differs. */
const WRONG_USE: Readonly<Record<string, number>> = { reconcile: 2 }

const COMMANDS = readdirSync(new URL('src/commands/', ROOT))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -'.ts'.length))

/** Runs a command as the image does: compiled, and without the environment of a gateway. */
async function run(command: string, ...args: string[]) {
  const [file = '', ...start] = await built(`commands/${command}.ts`)
  return new Promise<{ status: unknown; stdout: string; stderr: string }>((resolve) => {
    const env = { PATH: process.env.PATH }
    execFile(file, [...start, ...args], { env }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : error.code, stdout, stderr }),
    ).stdin?.end()
  })
}

t.test('each command tells how it is used, asked for it or used wrongly', async (t) => {
  t.ok(COMMANDS.length >= 4, COMMANDS.join(', '))
  await Promise.all(
    COMMANDS.map(async (command) => {
      for (const flag of ['--help', '-h']) {
        const { status, stdout, stderr } = await run(command, flag)
        t.match({ status, stderr }, { status: 0, stderr: '' }, `${command} ${flag}`)
        t.match(stdout, 'Usage', command)
        t.match(stdout, `node dist/commands/${command}.js`, command)
        t.match(stdout, `npm run ${command}`, command)
        for (const line of stdout.split('\n')) t.ok(line.length <= 160, `${command}: ${line}`)
      }
      const wrong = await run(command, '--nothing', 'a', 'b')
      t.match(wrong, { status: WRONG_USE[command] ?? 1, stdout: '', stderr: 'Usage' }, command)
    }),
  )
})

t.test('each command has a script of its name, which runs that file', async (t) => {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'))
  for (const command of COMMANDS) {
    t.equal(scripts[command], `exec node --import tsx src/commands/${command}.ts`)
  }
})
