import fc from 'fast-check'
import t from 'tap'
import { isoTime } from '../../src/store/iso-time.ts'

t.test('a time reads as JavaScript writes it, whatever was read before', async (t) => {
  const start = Date.UTC(2026, 0, 1)
  const time = fc.oneof(
    fc.integer({ min: start, max: start + 5_000 }),
    fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 }),
  )
  fc.assert(
    fc.property(time, (time) => isoTime(time) === new Date(time).toISOString()),
    { numRuns: 2_000 },
  )
  t.throws(() => isoTime(Number.NaN), RangeError)
  t.equal(isoTime(start), '2026-01-01T00:00:00.000Z', 'also after one that is none')
})
