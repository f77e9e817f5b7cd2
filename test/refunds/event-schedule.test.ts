import t from 'tap'
import {
  isLastAttempt,
  jitterMs,
  RETRY_PAUSES_MS,
  retryPauseMs,
  TRIED_FOR_MS,
} from '../../src/refunds/event-schedule.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

t.test('pauses grow, from seconds to hours, and stay at the longest', async (t) => {
  const pauses = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR]
  t.same(RETRY_PAUSES_MS, pauses)
  t.same([1, 2, 3, 4, 5, 6, 7, 8, 100].map(retryPauseMs), [...pauses, 3 * HOUR, 3 * HOUR])
  t.equal(retryPauseMs(0), 5 * SECOND)
})

t.test('a pause is shorter by a fifth of itself at most', async (t) => {
  t.same(
    [0, 0.5, 1].map((chance) => jitterMs(1, chance)),
    [0, 500, 1_000],
  )
  t.equal(jitterMs(7, 1), 0.6 * HOUR)
})

t.test('an event is tried for three days, and given up where no attempt within them follows', async (t) => {
  let ageMs = 0
  let attempts = 1
  while (!isLastAttempt({ attempts, ageMs })) {
    ageMs += retryPauseMs(attempts)
    attempts += 1
  }
  t.equal(attempts, 30)
  t.ok(ageMs > TRIED_FOR_MS - 3 * HOUR && ageMs <= TRIED_FOR_MS, `${ageMs / HOUR} h`)
  t.ok(isLastAttempt({ attempts: 1, ageMs: 80 * HOUR }), 'one that had to wait has one attempt')
})
