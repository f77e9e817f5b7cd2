import t from 'tap'
import { readSpan } from '../../src/refunds/time-span.ts'

const HOUR = 3_600_000

t.test('dates are of Korea, and one that ends a span includes its day', async (t) => {
  const fromMs = Date.parse('2025-12-31T15:00:00Z')
  t.same(readSpan('2026-01-01', '2026-01-01'), { fromMs, toMs: fromMs + 24 * HOUR })
  t.same(readSpan('2026-01-01', '2026-01-31'), { fromMs, toMs: fromMs + 31 * 24 * HOUR })
})

t.test('times have an offset, and end a span exclusively', async (t) => {
  const at = Date.parse('2026-01-01T00:30:00Z')
  for (const text of ['2026-01-01T00:30Z', '2026-01-01T09:30:00+09:00', '2026-01-01T00:30:00.000Z']) {
    t.same(readSpan(text, text), { fromMs: at, toMs: at }, text)
  }
})

t.test('what is no date and no time is told by its member', async (t) => {
  for (const text of [
    '',
    'today',
    '2026-02-30',
    '2026-13-01',
    '2026-01-01T10:00:00',
    '2026-01-01T25:00Z',
    '1',
  ]) {
    t.equal(readSpan(text, '2026-01-01'), 'from', text)
    t.equal(readSpan('2026-01-01', text), 'to', text)
  }
})
