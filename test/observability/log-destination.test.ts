import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { builtModule } from '../support/built.ts'
import { until } from '../support/calls.ts'

const MODULE = await builtModule('observability/log-destination.ts')

/** Above the four MiB that are held, and above what a pipe takes. */
const MANY = 20_000
const LINE_BYTES = 400

/** What the writer may do: it reads commands from its standard input, and answers on the channel to its parent. */
const WRITER = `
  const { createLogDestination } = await import(${JSON.stringify(MODULE)})
  const destination = createLogDestination((missing) => {
    destination.write('missing ' + missing + '\\n')
    process.send({ missing })
  })
  let number = 0
  process.on('message', async ({ lines, end, exit }) => {
    for (let i = 0; i < (lines ?? 0); i++) destination.write(String(number++).padEnd(${LINE_BYTES - 1}, '.') + '\\n')
    if (end !== undefined) {
      const startedAt = performance.now()
      await destination.end(end)
      process.send({ endedAfterMs: performance.now() - startedAt })
    }
    process.send({ done: true, dropped: destination.dropped(), rss: process.memoryUsage.rss() })
    if (exit) process.disconnect(), process.exit()
  })
  process.send({ done: true })
`

type Told = { missing?: number; endedAfterMs?: number; done?: true; dropped?: number; rss?: number }

/** A process that logs to `stdout`; with a limit, no file that it writes may grow beyond so many KiB. */
async function startWriter(t: Test, stdout: number | 'pipe', limitKib?: number) {
  const node = [process.execPath, '--input-type=module', '--eval', WRITER]
  // Without what the test runner puts into it, which would end it at SIGXFSZ; Node.js itself ignores that.
  const limited = ['bash', '-c', `unset NODE_OPTIONS; ulimit -f ${limitKib}; exec "$@"`, 'bash', ...node]
  const [file = '', ...args] = limitKib === undefined ? node : limited
  const child: ChildProcess = spawn(file, args, { stdio: ['ignore', stdout, 'inherit', 'ipc'] })
  t.teardown(() => child.kill('SIGKILL'))
  const told: Told[] = []
  child.on('message', (message) => told.push(message as Told))
  const ended = new Promise<number | string | null>((resolve) =>
    child.on('exit', (code, signal) => resolve(code ?? signal)),
  )
  const countDone = () => told.filter(({ done }) => done).length
  await until('it runs', () => countDone() === 1, 30_000)
  /** Asks for something, and answers with what was told when that was done. */
  async function ask(command: { lines?: number; end?: number; exit?: boolean }): Promise<Told> {
    const before = countDone()
    child.send(command)
    await until('it is done', () => countDone() > before, 30_000)
    return told.findLast(({ done }) => done) as Told
  }
  return { child, told, ask, ended }
}

/** The numbers of the lines, and how many lines are said to be missing. */
function read(log: string) {
  const lines = log.split('\n').filter((line) => line !== '')
  const missing = lines.filter((line) => line.startsWith('missing ')).map((line) => Number(line.slice(8)))
  const whole = lines.filter((line) => line.length === LINE_BYTES - 1)
  return {
    numbers: whole.map((line) => Number.parseInt(line, 10)),
    missing: missing.reduce((sum, count) => sum + count, 0),
    isWhole: whole.length + missing.length === lines.length,
  }
}

async function freshFile(t: Test): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'log-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const path = join(directory, 'log')
  writeFileSync(path, '')
  return path
}

const isAscending = (numbers: number[]) =>
  numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0))

t.jobs = 3

t.test('a file and a pipe that is read get every line, in order', { buffered: true }, async (t) => {
  const path = await freshFile(t)
  const stdout = openSync(path, 'a')
  const toFile = await startWriter(t, stdout)
  const toPipe = await startWriter(t, 'pipe')
  const piped = text(toPipe.child.stdout as NonNullable<ChildProcess['stdout']>)
  for (const { ask, ended } of [toFile, toPipe]) {
    await ask({ lines: 5_000 })
    await ask({ lines: 3, end: 10_000, exit: true })
    t.equal(await ended, 0)
  }
  for (const log of [readFileSync(path, 'utf8'), await piped]) {
    t.strictSame(read(log), { numbers: [...Array(5_003).keys()], missing: 0, isWhole: true })
  }
  closeSync(stdout)
})

t.test('lines appear without anybody asking for it', { buffered: true }, async (t) => {
  const path = await freshFile(t)
  const stdout = openSync(path, 'a')
  const { ask } = await startWriter(t, stdout)
  await ask({ lines: 1 })
  await until('it is there', () => read(readFileSync(path, 'utf8')).numbers.length === 1)
  closeSync(stdout)
})

t.test('the last lines of a process that exits without grace are written', { buffered: true }, async (t) => {
  const path = await freshFile(t)
  const stdout = openSync(path, 'a')
  const { ask, ended } = await startWriter(t, stdout)
  await ask({ lines: 3, exit: true })
  await ended
  t.strictSame(read(readFileSync(path, 'utf8')).numbers, [0, 1, 2])
  closeSync(stdout)
})

t.test(
  'a reader that stands still costs lines, neither time nor memory, and gets those that were held',
  { buffered: true },
  async (t) => {
    const { child, ask } = await startWriter(t, 'pipe')
    const stdout = child.stdout as NonNullable<ChildProcess['stdout']>
    stdout.pause()
    const { rss: before = 0 } = await ask({})
    const { dropped = 0 } = await ask({ lines: MANY })
    const { rss: after = 0, dropped: more = 0 } = await ask({ lines: 10 * MANY })
    t.ok(dropped > MANY / 4 && dropped < MANY / 2 + 3_000, `${dropped} dropped`)
    t.ok(more - dropped > 9 * MANY, 'nearly all that comes after')
    t.ok(after - before < 100 * 1024 * 1024, `${after - before} bytes more`)

    const log = text(stdout)
    stdout.resume()
    await sleep(500)
    await ask({ lines: 1, end: 10_000, exit: true })
    const { numbers, missing, isWhole } = read(await log)
    t.ok(isWhole, 'no line in pieces')
    t.ok(isAscending(numbers), 'in order')
    t.equal(numbers.at(-1), 11 * MANY, 'the last one came when lines were taken again')
    t.equal(missing, more, 'the log itself says how many are missing')
    t.equal(numbers.length + missing, 11 * MANY + 1)
  },
)

t.test('nobody reads: the process ends all the same', { buffered: true }, async (t) => {
  const { child, ask, ended, told } = await startWriter(t, 'pipe')
  child.stdout?.pause()
  await ask({ lines: MANY })
  await ask({ end: 300, exit: true })
  t.equal(await ended, 0)
  const { endedAfterMs = 0 } = told.find(({ endedAfterMs }) => endedAfterMs !== undefined) ?? {}
  t.ok(endedAfterMs >= 290 && endedAfterMs < 5_000, `${endedAfterMs} ms`)
})

t.test('a reader that is gone, and a device that is full', { buffered: true }, async (t) => {
  const full = openSync('/dev/full', 'w')
  const [toNobody, toFull] = await Promise.all([startWriter(t, 'pipe'), startWriter(t, full)])
  toNobody.child.stdout?.destroy()
  for (const { ask, ended } of [toNobody, toFull]) {
    t.equal((await ask({ lines: 10 })).dropped, 0, 'held at first')
    await sleep(200)
    t.ok(((await ask({ lines: MANY })).dropped ?? 0) > 0)
    await ask({ end: 200, exit: true })
    t.equal(await ended, 0)
  }
  closeSync(full)
})

t.test('a file that cannot grow, and can again', { buffered: true }, async (t) => {
  const path = await freshFile(t)
  const stdout = openSync(path, 'a')
  const { ask, ended, told } = await startWriter(t, stdout, 64)
  await ask({ lines: MANY })
  await sleep(200)
  t.ok(readFileSync(path).length <= 64 * 1024)
  let log = ''
  const makeSpace = () => {
    log += readFileSync(path, 'utf8')
    truncateSync(path)
  }
  // What is held needs some turns of this.
  await until(
    'it is taken',
    async () => {
      makeSpace()
      await sleep(100)
      return told.some(({ missing }) => missing !== undefined)
    },
    60_000,
  )
  makeSpace()
  await ask({ lines: 1, end: 2_000, exit: true })
  t.equal(await ended, 0)
  makeSpace()
  const { numbers, missing } = read(log)
  t.ok(missing > 0)
  t.equal(numbers.at(-1), MANY)
  closeSync(stdout)
})
