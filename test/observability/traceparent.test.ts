import t from 'tap'
import { readTraceparent, traceIdOf } from '../../src/observability/traceparent.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT_ID = '00f067aa0ba902b7'
const VALID = `00-${TRACE_ID}-${PARENT_ID}-01`

t.test('a trace context of version 00, or what a later one has of it, is taken', async (t) => {
  t.equal(readTraceparent(VALID), VALID)
  t.equal(readTraceparent(`00-${TRACE_ID}-${PARENT_ID}-00`), `00-${TRACE_ID}-${PARENT_ID}-00`)
  t.equal(readTraceparent(`01-${TRACE_ID}-${PARENT_ID}-01`), VALID)
  t.equal(readTraceparent(`cc-${TRACE_ID}-${PARENT_ID}-01-what-ever`), VALID)
  t.equal(traceIdOf(VALID), TRACE_ID)
  t.equal(traceIdOf(undefined), undefined)
})

t.test('anything else counts as none', async (t) => {
  const invalid = [
    undefined,
    [VALID, VALID],
    '',
    'x',
    `${VALID}, ${VALID}`,
    VALID.toUpperCase(),
    `ff-${TRACE_ID}-${PARENT_ID}-01`,
    `${VALID}-more`,
    `${VALID}\n`,
    `00-${'0'.repeat(32)}-${PARENT_ID}-01`,
    `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
    `00-${TRACE_ID}-${PARENT_ID}`,
    `01-${TRACE_ID}-${PARENT_ID}-01what`,
  ]
  for (const header of invalid) t.equal(readTraceparent(header), undefined, String(header))
})
