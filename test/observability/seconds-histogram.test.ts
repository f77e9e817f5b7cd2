import fc from 'fast-check'
import { Histogram, Registry } from 'prom-client'
import t from 'tap'
import { createSecondsHistogram, SECONDS_BUCKETS } from '../../src/observability/seconds-histogram.ts'

const METRIC = { name: 'some_seconds', help: 'What \\ took\nhow long', labelNames: ['step', 'of'] } as const

/** Bounds, what is beside them, and anything else. */
const seconds = fc.oneof(
  fc.constantFrom(...SECONDS_BUCKETS, 0, 31),
  fc.constantFrom(...SECONDS_BUCKETS).map((bound) => bound + 1e-9),
  fc.double({ min: 0, max: 60, noNaN: true }),
)
const labels = fc.record({ step: fc.constantFrom('begin', 'settle "it"\n'), of: fc.constantFrom('', '환불') })

t.test('what is scraped is what prom-client would say', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(labels, seconds), { maxLength: 50 }), async (observed) => {
      const [own, theirs] = [new Registry(), new Registry()]
      const find = createSecondsHistogram(own, METRIC)
      const histogram = new Histogram({ ...METRIC, buckets: SECONDS_BUCKETS, registers: [theirs] })
      for (const [labels, seconds] of observed) {
        find(labels).observe(seconds)
        histogram.labels(labels).observe(seconds)
      }
      return (await own.metrics()) === (await theirs.metrics())
    }),
  )
  t.pass()
})

t.test('a series that was found is 0 before anything is observed', async (t) => {
  const registry = new Registry()
  const series = createSecondsHistogram(registry, METRIC)({ step: 'begin', of: 'a' })
  t.match(await registry.metrics(), /^some_seconds_count\{step="begin",of="a"\} 0$/m)
  series.observe(0.3)
  t.match(await registry.metrics(), /^some_seconds_bucket\{le="0.5",step="begin",of="a"\} 1$/m)
})
