import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createBackgroundWork } from '../../../src/refunds/flows/pending-writes.ts'
import { builtModule } from '../../support/built.ts'

/** The pauses of background work are unreferenced; this keeps the process until the test is over. */
function stayAlive(t: Test): void {
  const timer = setInterval(() => {}, 60_000)
  t.teardown(() => clearInterval(timer))
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`still waiting: ${condition}`)
    await sleep(10)
  }
}

/** Makes pauses pass at once, and answers how long each would have been. */
function skipPauses(t: Test): number[] {
  const pausesMs: number[] = []
  const { setTimeout: original } = globalThis
  globalThis.setTimeout = ((work: () => void, pauseMs: number) => {
    pausesMs.push(pauseMs)
    setImmediate(work)
    return { unref() {} }
  }) as unknown as typeof setTimeout
  t.teardown(() => {
    globalThis.setTimeout = original
  })
  return pausesMs
}

t.test('tries until it is done, and then no more', async (t) => {
  stayAlive(t)
  const background = createBackgroundWork()
  let tries = 0
  background.untilDone(async () => {
    tries++
    if (tries < 3) throw new Error('not yet')
  })
  t.equal(tries, 0, 'the caller has just tried')
  t.equal(background.pending(), 1)
  await until(() => background.pending() === 0)
  t.equal(tries, 3)
  await sleep(150)
  t.equal(tries, 3)
})

t.test('a pause grows to 2 s and stays there', async (t) => {
  stayAlive(t)
  const pausesMs = skipPauses(t)
  const background = createBackgroundWork()
  let tries = 0
  await new Promise<void>((resolve) => {
    background.untilDone(async () => {
      tries++
      if (tries < 8) throw new Error('not yet')
      resolve()
    })
  })
  t.same(pausesMs, [100, 200, 400, 800, 1600, 2000, 2000, 2000])
})

t.test('work that throws before it answers a promise is tried again, too', async (t) => {
  stayAlive(t)
  skipPauses(t)
  const background = createBackgroundWork()
  let tries = 0
  background.untilDone(() => {
    tries++
    if (tries === 1) throw new Error('at once')
    return Promise.resolve()
  })
  while (background.pending() > 0) await new Promise(setImmediate)
  t.equal(tries, 2)
})

t.test('one piece that fails does not hold up another', async (t) => {
  stayAlive(t)
  const background = createBackgroundWork()
  let done = 0
  background.untilDone(async () => {
    throw new Error('never')
  })
  for (let piece = 0; piece < 5; piece++) {
    background.untilDone(async () => {
      done++
    })
  }
  await until(() => done === 5)
  t.equal(background.pending(), 1)
})

t.test('drain answers at once where nothing is left', async (t) => {
  const startedAt = performance.now()
  t.equal(await createBackgroundWork().drain(60_000), 0)
  t.ok(performance.now() - startedAt < 1000)
})

t.test('drain waits until everything is done', async (t) => {
  stayAlive(t)
  const background = createBackgroundWork()
  let done = 0
  for (const failures of [0, 1, 2]) {
    let tries = 0
    background.untilDone(async () => {
      tries++
      if (tries <= failures) throw new Error('not yet')
      done++
    })
  }
  t.equal(await background.drain(60_000), 0)
  t.equal(done, 3)
})

t.test('drain gives up when its time is over, and answers how many pieces are left', async (t) => {
  stayAlive(t)
  const background = createBackgroundWork()
  background.untilDone(async () => {})
  for (let piece = 0; piece < 2; piece++) {
    background.untilDone(async () => {
      throw new Error('never')
    })
  }
  background.untilDone(() => new Promise(() => {}))
  const startedAt = performance.now()
  t.equal(await background.drain(300), 3)
  const tookMs = performance.now() - startedAt
  t.ok(tookMs >= 290 && tookMs < 5000, `${tookMs} ms`)
  t.equal(background.pending(), 3, 'it is still tried')
})

t.test('drain waits for work that is handed over while it waits', async (t) => {
  stayAlive(t)
  const background = createBackgroundWork()
  let done = 0
  background.untilDone(async () => {
    // The last refund in flight ends only now, and its outcome cannot be stored either.
    background.untilDone(async () => {
      done++
    })
  })
  t.equal(await background.drain(10_000), 0)
  t.equal(done, 1)
})

t.test('drain keeps a process alive that has nothing else to do', async (t) => {
  const module = await builtModule('refunds/flows/pending-writes.ts')
  const script = `
    const { createBackgroundWork } = await import(${JSON.stringify(module)})
    const background = createBackgroundWork()
    background.untilDone(async () => { console.log('stored') })
    console.log('left', await background.drain(60_000))
  `
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [[code], output] = await Promise.all([once(child, 'exit'), text(child.stdout)])
  t.same({ code, output }, { code: 0, output: 'stored\nleft 0\n' })
})

t.test('is full with ten thousand pieces, and drops none of those that still come', async (t) => {
  const { setTimeout: original } = globalThis
  globalThis.setTimeout = (() => ({ unref() {} })) as unknown as typeof setTimeout
  t.teardown(() => {
    globalThis.setTimeout = original
  })
  const background = createBackgroundWork()
  const work = async () => {}
  for (let piece = 0; piece < 9_999; piece++) background.untilDone(work)
  t.equal(background.isFull(), false)
  background.untilDone(work)
  t.equal(background.isFull(), true)
  background.untilDone(work)
  t.equal(background.pending(), 10_001)
})
