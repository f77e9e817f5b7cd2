import t from 'tap'
import { type Patience, startPatience } from '../../../src/refunds/flows/patience.ts'
import { createPaymentTurns } from '../../../src/refunds/flows/payment-turns.ts'

function patience(leftMs = 60_000, signal?: AbortSignal): Patience {
  return { leftMs: () => leftMs, signal, pause: async () => false }
}

t.test('a payment has one turn, which goes to who waits longest', async (t) => {
  const turns = createPaymentTurns()
  t.ok(turns.take('a'))
  t.notOk(turns.take('a'))
  t.ok(turns.take('b'), 'another payment has its own')
  const order: number[] = []
  const waiting = [1, 2, 3].map(async (number) => {
    t.equal(await turns.wait('a', patience()), 'taken')
    order.push(number)
    t.notOk(turns.take('a'), 'nobody overtakes')
    turns.leave('a')
  })
  turns.leave('a')
  await Promise.all(waiting)
  t.same(order, [1, 2, 3])
  t.ok(turns.take('a'), 'free again')
})

t.test('who waits in vain, or is gone, leaves the queue', async (t) => {
  const turns = createPaymentTurns()
  turns.take('a')
  const caller = new AbortController()
  const first = turns.wait('a', patience(20))
  const second = turns.wait('a', patience(60_000, caller.signal))
  const third = turns.wait('a', patience())
  t.equal(await first, 'over')
  caller.abort()
  t.equal(await second, 'gone')
  turns.leave('a')
  t.equal(await third, 'taken')
  turns.leave('a')
  t.ok(turns.take('a'))
  t.equal(await turns.wait('a', patience(60_000, caller.signal)), 'gone', 'who was gone before')
})

t.test('so many wait in a process, over all payments', async (t) => {
  const turns = createPaymentTurns(2)
  for (const payment of ['a', 'b', 'c']) turns.take(payment)
  const first = turns.wait('a', patience())
  const second = turns.wait('b', patience(10))
  t.equal(await turns.wait('c', patience()), 'full')
  t.equal(await second, 'over')
  const third = turns.wait('c', patience())
  turns.leave('a')
  turns.leave('c')
  t.same(await Promise.all([first, third]), ['taken', 'taken'])
})

t.test('pauses are short, grow, and end with the patience', async (t) => {
  let nowMs = 0
  const waiting = startPatience(() => nowMs, undefined)
  const took: number[] = []
  for (let index = 0; index < 6; index++) {
    const startedAt = performance.now()
    t.ok(await waiting.pause(null))
    took.push(performance.now() - startedAt)
  }
  for (const [index, atLeastMs] of [50, 75, 112, 168, 250, 250].entries()) {
    const tookMs = took[index] as number
    t.ok(tookMs >= atLeastMs - 1 && tookMs < atLeastMs + 100, `${tookMs} of ${atLeastMs} ms`)
  }
  t.ok(await waiting.pause(0), 'of nothing: at once, and yet not in this turn of the event loop')
  nowMs = 4_900
  t.notOk(await waiting.pause(100), 'a spacing that ends with it is too long')
  t.ok(await waiting.pause(99))
  nowMs = 5_000
  t.notOk(await waiting.pause(null))
})

t.test('a pause ends with the caller', async (t) => {
  const caller = new AbortController()
  const waiting = startPatience(
    () => 0,
    () => caller.signal,
  )
  const pause = waiting.pause(4_000)
  caller.abort()
  t.notOk(await pause)
  t.notOk(await waiting.pause(null))
})
