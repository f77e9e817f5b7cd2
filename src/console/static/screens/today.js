// A day: what was refunded, declined, is unknown or disputed, and when.
import { Curve, countIn, noHours } from '../curve.js'
import { Field } from '../fields.js'
import { count, dateAfter, duration, koreanDate, koreanTime, money } from '../format.js'
import { listRefunds, readMetrics, readReport } from '../gateway.js'
import {
  addressTo,
  Link,
  Loading,
  Money,
  PaymentLink,
  Problem,
  Reading,
  RefundLink,
  Table,
  Time,
} from '../parts.js'
import { useAction, useReading } from '../reading.js'
import { gatewayNow } from '../session.js'
import { text } from '../texts.js'
import { html, useEffect, useRef, useState } from '../ui.js'

const REFRESH_MS = 60_000
/** Read without being asked: ten pages. */
const MOST_UNASKED = 1_000

export function TodayScreen({ route }) {
  const date = route.query.date ?? koreanDate(gatewayNow())
  const report = useReading((signal) => readReport(date, signal), [date])
  const go = (to) => {
    location.hash = addressTo('today', { date: to }).slice(1)
  }
  return html`
    <h1 tabindex="-1">${text('today', { date })}</h1>
    <p class="lead">${text('todayZone')}</p>
    <div class="filters no-print">
      <button type="button" onClick=${() => go(dateAfter(date, -1))}>${text('dayBefore')}</button>
      <${Field} type="date" label=${text('date')} value=${date} onInput=${(value) => value && go(value)} />
      <button type="button" onClick=${() => go(dateAfter(date, 1))}>${text('dayAfter')}</button>
      <button type="button" onClick=${report.again}>${text('refresh')}</button>
      <button type="button" onClick=${() => print()}>${text('print')}</button>
    </div>
    <${Now} />
    <${Reading} of=${report}>${(found) => html`<${Report} report=${found} date=${date} />`}<//>
  `
}

/** How much is waiting at this moment, whatever day is shown. */
function Now() {
  const { data } = useReading(readMetrics, [], REFRESH_MS)
  const value = (name) => data?.find((sample) => sample.name === `refund_gateway_${name}`)?.value
  const age = value('oldest_unknown_age_seconds')
  if (value('unsettled_refunds') === undefined) return null
  return html`<p class="now"><${Link} to="unknown">${text('unsettled')}<//>: <strong>${count(value('unsettled_refunds'))}</strong>
    ${age > 0 && html`, ${text('oldestUnknown', { age: duration(age * 1_000) })}`}</p>`
}

const NOTHING = { count: 0, amount: 0 }
const plus = (one, other) => ({ count: one.count + other.count, amount: one.amount + other.amount })
const sumOf = (parts) => parts.reduce(plus, NOTHING)

function Report({ report, date }) {
  const { rows } = report
  const succeeded = sumOf(rows.map((row) => row.succeeded))
  const failed = sumOf(rows.flatMap((row) => row.failed))
  const unknown = sumOf(rows.map((row) => row.unknown))
  const query = { from: date, to: date }
  const total = succeeded.count + failed.count + unknown.count
  return html`
    <ul class="tiles">
      <${Tile} kind="succeeded" label=${text('succeeded')} of=${succeeded} query=${{ ...query, status: 'succeeded' }} />
      <${Tile} kind="failed" label=${text('declined')} of=${failed} query=${{ ...query, status: 'failed' }} />
      <${Tile} kind="unknown" label=${text('unknown')} of=${unknown} query=${{ ...query, status: 'unknown' }} />
      <${Tile} kind="disputed" label=${text('disputes')} of=${{ count: report.disputes_count }} query=${{ ...query, status: 'disputed' }} />
      <${Tile} kind="mismatch" label=${text('mismatches')} of=${{ count: report.mismatches_count }} query=${query} />
    </ul>
    <p class="quiet">${text('completeUntil', { time: koreanTime(report.complete_until) })}</p>
    <${Odd} title=${text('disputes')} help=${text('adviseDisputed')} refunds=${report.disputes} />
    <${Odd} title=${text('mismatches')} help=${text('mismatchesHelp')} refunds=${report.mismatches} />
    <section><h2>${text('curve')}</h2><${DayCurve} key=${date} date=${date} total=${total} /></section>
    ${rows.length > 0 && html`<section><h2>${text('byAccount')}</h2><${ByAccount} rows=${rows} /></section>`}
    ${failed.count > 0 && html`<section><h2>${text('byCode')}</h2><${ByCode} rows=${rows} /></section>`}
  `
}

function Tile({ kind, label, of, query }) {
  return html`<li class=${`tile tile-${kind}`}>
    <${Link} to="find" query=${query}>
      <span class="tile-name">${label}</span>
      <strong>${count(of.count)}</strong>
      ${of.amount !== undefined && html`<${Money} of=${of.amount} />`}
    <//>
  </li>`
}

/** Refunds that a person looks at before the day is closed: the first 1,000 are named. */
function Odd({ title, help, refunds }) {
  if (refunds.length === 0) return null
  const columns = [
    { label: text('member_updated_at'), cell: ({ updated_at }) => html`<${Time} at=${updated_at} />` },
    { label: text('member_amount'), class: 'number', cell: ({ amount }) => money(amount) },
    { label: text('counted'), class: 'number', cell: ({ counted }) => money(counted) },
    {
      label: text('member_tid'),
      cell: ({ tid, account }) => html`<${PaymentLink} tid=${tid} account=${account} />`,
    },
    { label: text('caller'), cell: ({ caller }) => caller },
    { label: text('member_id'), cell: ({ id }) => html`<${RefundLink} id=${id} />` },
  ]
  return html`<section><h2>${title}</h2><p class="help">${help}</p>
    <${Table} caption=${title} columns=${columns} rows=${refunds} keyOf=${({ id }) => id} /></section>`
}

function ByAccount({ rows }) {
  const cell = (of) => html`${count(of.count)} · <${Money} of=${of.amount} />`
  const columns = [
    { label: text('member_account'), cell: (row) => row.account },
    { label: text('caller'), cell: (row) => row.caller },
    { label: text('succeeded'), class: 'number', cell: (row) => cell(row.succeeded) },
    { label: text('declined'), class: 'number', cell: (row) => cell(sumOf(row.failed)) },
    { label: text('unknown'), class: 'number', cell: (row) => cell(row.unknown) },
  ]
  const foot = [
    text('total'),
    '',
    cell(sumOf(rows.map((row) => row.succeeded))),
    cell(sumOf(rows.flatMap((row) => row.failed))),
    cell(sumOf(rows.map((row) => row.unknown))),
  ]
  return html`<${Table} caption=${text('byAccount')} columns=${columns} rows=${rows} foot=${foot} />`
}

function ByCode({ rows }) {
  const byCode = Object.groupBy(
    rows.flatMap((row) => row.failed),
    ({ code }) => code,
  )
  const sums = Object.entries(byCode).map(([code, parts]) => ({ code, ...sumOf(parts) }))
  const columns = [
    { label: text('code'), cell: ({ code }) => html`<span class="code">${code}</span>` },
    { label: text('number'), class: 'number', cell: (sum) => count(sum.count) },
    { label: text('member_amount'), class: 'number', cell: ({ amount }) => money(amount) },
  ]
  return html`<${Table} caption=${text('byCode')} columns=${columns} rows=${sums} />`
}

/** Each refund of the day is read for it: unasked where they are few, else when somebody wants it. */
function DayCurve({ date, total }) {
  const [read, setRead] = useState(0)
  const controller = useRef(null)
  const { isRunning, result, problem, start } = useAction(async () => {
    controller.current = new AbortController()
    const hours = noHours()
    let number = 0
    let cursor
    do {
      const page = await listRefunds({ from: date, to: date, limit: 100, cursor }, controller.current.signal)
      for (const refund of page.data) countIn(hours, refund)
      number += page.data.length
      cursor = page.next_cursor
      setRead(number)
    } while (cursor !== null)
    return { hours, number }
  })
  useEffect(() => {
    if (total > 0 && total <= MOST_UNASKED) start()
  }, [total])
  useEffect(() => () => controller.current?.abort(), [])
  return html`
    <${Problem} problem=${problem} again=${start} />
    ${isRunning && html`<${Loading} label=${text('curveRead', { count: count(read) })} /><button type="button" onClick=${() => controller.current.abort()}>${text('stop')}</button>`}
    ${result && result.number > 0 && html`<p class="help">${text('curveHelp')} ${text('curveRead', { count: count(result.number) })}.</p><${Curve} hours=${result.hours} />`}
    ${total === 0 && html`<p>${text('curveNone')}</p>`}
    ${!isRunning && !result && total > MOST_UNASKED && html`<button type="button" onClick=${start}>${text('curveDraw', { count: count(total) })}</button>`}
  `
}
