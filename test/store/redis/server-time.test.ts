import { EventEmitter } from 'node:events'
import t, { type Test } from 'tap'
import type { RedisClient } from '../../../src/store/lua/scripts.ts'
import { watchServerTime } from '../../../src/store/redis/server-time.ts'

const HOUR_MS = 3_600_000
const SERVER_MS = 1_800_000_000_000

/** A server whose clock and whose delays the test decides. */
function startAll(t: Test) {
  const local = { ms: 1_000 }
  const server = { aheadMs: SERVER_MS, isAway: false, askedAfterMs: 0, repliesAfterMs: 0 }
  const redis = Object.assign(new EventEmitter(), {
    async time() {
      if (server.isAway) throw new Error('away')
      local.ms += server.askedAfterMs
      const us = Math.floor((local.ms + server.aheadMs) * 1_000)
      local.ms += server.repliesAfterMs
      return [String(Math.floor(us / 1e6)), String(us % 1e6)]
    },
  })
  const time = watchServerTime(redis as unknown as RedisClient, () => local.ms)
  t.teardown(time.stop)
  return { local, server, time, aheadMs: () => time.now() - local.ms }
}

t.test('until the server has answered, it is the time of this machine', async (t) => {
  const { time, server } = startAll(t)
  server.isAway = true
  await time.ask()
  t.ok(Math.abs(time.now() - Date.now()) < 1_000)
})

t.test('it is the time of the server, whatever this machine and another server say', async (t) => {
  const { time, server, local, aheadMs } = startAll(t)
  for (const aheadBy of [0, 2 * HOUR_MS, -2 * HOUR_MS]) {
    server.aheadMs = SERVER_MS + aheadBy
    await time.ask()
    t.ok(Math.abs(aheadMs() - server.aheadMs) <= 1, `${aheadBy}`)
    local.ms += 700
    t.ok(Math.abs(aheadMs() - server.aheadMs) <= 1, 'and goes on with it')
  }
})

t.test('an answer that was slow to come or to be read changes nothing that it allows', async (t) => {
  const { time, server, aheadMs } = startAll(t)
  await time.ask()
  server.askedAfterMs = 3_000
  server.repliesAfterMs = 5_000
  await time.ask()
  t.ok(Math.abs(aheadMs() - SERVER_MS) <= 1)
  server.aheadMs += HOUR_MS
  await time.ask()
  const off = aheadMs() - server.aheadMs
  t.ok(off <= 1 && off >= -5_001, `early rather than late: ${off} ms`)
  server.askedAfterMs = 0
  server.repliesAfterMs = 0
  await time.ask()
  t.ok(Math.abs(aheadMs() - server.aheadMs) <= 1, 'until it is known better')
})

t.test('what was known stands while the server is away', async (t) => {
  const { time, server, aheadMs } = startAll(t)
  await time.ask()
  server.isAway = true
  await time.ask()
  t.ok(Math.abs(aheadMs() - SERVER_MS) <= 1)
})
