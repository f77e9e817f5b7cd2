import fc from 'fast-check'
import t from 'tap'
import { createSuspendAwareClock, type TimeSources } from '../../src/process/clock.ts'

const HOUR_MS = 3_600_000

/** A machine whose clocks the test moves. */
function createMachine() {
  const now = { monotonic: 5_000, wall: 1_800_000_000_000, sinceBoot: 9_000 }
  let readings = 0
  const sources: TimeSources = {
    monotonic: () => now.monotonic,
    wall: () => Math.floor(now.wall),
    sinceBoot: () => {
      readings += 1
      return Math.floor(now.sinceBoot / 10) * 10
    },
  }
  const run = (ms: number) => {
    now.monotonic += ms
    now.wall += ms
    now.sinceBoot += ms
  }
  return {
    sources,
    run,
    suspend(ms: number) {
      now.wall += ms
      now.sinceBoot += ms
    },
    setWall(ms: number) {
      now.wall += ms
    },
    readings: () => readings,
  }
}

t.test('each kind of time that passes', async (t) => {
  type Machine = ReturnType<typeof createMachine>
  const rows: [string, (machine: Machine) => void, [least: number, most: number]][] = [
    ['awake', ({ run }) => run(1_000), [1_000, 1_000]],
    ['suspended', ({ suspend }) => suspend(HOUR_MS), [HOUR_MS, HOUR_MS]],
    [
      'suspended, and the wall clock put back by half of it',
      ({ suspend, setWall }) => {
        suspend(HOUR_MS)
        setWall(-HOUR_MS / 2)
      },
      [HOUR_MS - 20, HOUR_MS + 20],
    ],
    [
      'suspended, and the wall clock put back by more',
      ({ suspend, setWall }) => {
        suspend(HOUR_MS)
        setWall(-3 * HOUR_MS)
      },
      [HOUR_MS - 20, HOUR_MS + 20],
    ],
    [
      'the wall clock put ahead: the call may not be made',
      ({ setWall }) => setWall(HOUR_MS),
      [HOUR_MS, HOUR_MS],
    ],
    ['the wall clock put back, awake', ({ setWall }) => setWall(-HOUR_MS), [0, 20]],
    [
      'a virtual machine that stood still and whose wall clock was put right',
      ({ setWall }) => setWall(HOUR_MS),
      [HOUR_MS, HOUR_MS],
    ],
  ]
  for (const [what, happens, [least, most]] of rows) {
    const machine = createMachine()
    const clock = createSuspendAwareClock(machine.sources)
    const before = clock()
    happens(machine)
    const passed = clock() - before
    t.ok(passed >= least && passed <= most, `${what}: ${passed} ms`)
    machine.run(1_000)
    t.equal(clock() - before, passed + 1_000, 'and goes on')
  }
})

t.test('it never goes back, and never counts less than was slept and woken', async () => {
  const happening = fc.oneof(
    fc.record({ kind: fc.constant('run' as const), ms: fc.nat(5_000) }),
    fc.record({ kind: fc.constant('suspend' as const), ms: fc.nat(100_000) }),
    fc.record({ kind: fc.constant('setWall' as const), ms: fc.integer({ min: -100_000, max: 100_000 }) }),
  )
  await fc.assert(
    fc.property(fc.array(happening, { maxLength: 30 }), (happenings) => {
      const machine = createMachine()
      const clock = createSuspendAwareClock(machine.sources)
      let last = clock()
      let least = last
      for (const { kind, ms } of happenings) {
        machine[kind](ms)
        const now = clock()
        if (now < last) return false
        last = now
        if (kind !== 'setWall') least += ms
      }
      // Of each reading, what the wall clock does not show in whole milliseconds and the time since boot in tens.
      return last >= least - 20 * happenings.length
    }),
  )
})

t.test('the time since boot, a file, is not read while the clocks keep in step', async (t) => {
  const machine = createMachine()
  const clock = createSuspendAwareClock(machine.sources)
  const atStart = machine.readings()
  for (let count = 0; count < 10_000; count++) {
    machine.run(0.37)
    clock()
  }
  t.equal(machine.readings(), atStart)
})

t.test('the clocks of this machine keep in step with it', async (t) => {
  const clock = createSuspendAwareClock()
  const [startedAt, before] = [performance.now(), clock()]
  await new Promise((resolve) => setTimeout(resolve, 30))
  const [passed, expected] = [clock() - before, performance.now() - startedAt]
  t.ok(passed >= 25 && passed >= expected - 15, `${passed} ms in ${expected}`)
})
