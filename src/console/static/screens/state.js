// Whether the gateway takes refunds, and if not why.
import { count, duration, money } from '../format.js'
import { readMetrics, readReadiness } from '../gateway.js'
import { Facts, Notice, Reading, Table } from '../parts.js'
import { useReading } from '../reading.js'
import { text, word } from '../texts.js'
import { html } from '../ui.js'

const REFRESH_MS = 10_000

export function StateScreen({ identity }) {
  const found = useReading(
    async (signal) => {
      const [readiness, metrics] = await Promise.all([readReadiness(signal), readMetrics(signal)])
      return { readiness, metrics }
    },
    [],
    REFRESH_MS,
  )
  return html`
    <h1 tabindex="-1">${text('state')}</h1>
    <p class="lead">${text('thisReplica')}</p>
    <p class="no-print"><button type="button" class="small" onClick=${found.again}>${text('refresh')}</button></p>
    <${Reading} of=${found}>${(state) => html`<${State} ...${state} />`}<//>
    <section><h2>${text('accounts')}</h2><${Accounts} identity=${identity} /></section>
    <section><h2>${text('scopes')}</h2><p>${identity.scopes.map((scope) => html`<span class="tag code">${scope}</span> `)}</p></section>
  `
}

function State({ readiness, metrics }) {
  const isReady = readiness.status === 'ready'
  const parts = Object.entries(readiness.parts).map(([name, part]) => ({ name, ...part }))
  const columns = [
    { label: text('part'), cell: ({ name }) => word('part', name) },
    {
      label: text('partReady'),
      cell: ({ ready }) =>
        html`<span class=${ready ? 'met' : 'not-met'}>${text(ready ? 'yes' : 'no')}</span>`,
    },
    { label: text('detail'), cell: ({ detail }) => detail },
  ]
  return html`
    <${Notice} kind=${isReady ? 'good' : 'bad'}><p><strong>${text(isReady ? 'ready' : 'notReady')}</strong></p><//>
    <section><h2>${text('parts')}</h2><${Table} caption=${text('parts')} columns=${columns} rows=${parts} /></section>
    <section><h2>${text('detail')}</h2><${Figures} metrics=${metrics} /></section>
    <section><h2>${text('limits')}</h2><${Limits} metrics=${metrics} /></section>
  `
}

const NAMED = 'refund_gateway_'

function samplesOf(metrics, name) {
  return metrics.filter((sample) => sample.name === NAMED + name)
}

/** A sum is absent where the store cannot be asked. */
function said(samples, show) {
  return samples.length === 0 ? text('notSaid') : show(Math.max(...samples.map(({ value }) => value)))
}

function Figures({ metrics }) {
  const of = (name) => samplesOf(metrics, name)
  const store = of('store_state').find(({ value }) => value === 1)
  const oldestEvents = of('oldest_event_age_seconds')
  return html`<${Facts} of=${[
    [
      text('breaker'),
      said(of('provider_paused'), (value) => text(value === 1 ? 'breakerOpen' : 'breakerClosed')),
    ],
    [text('storeState'), store?.labels.state ?? text('notSaid')],
    [text('unsettled'), said(of('unsettled_refunds'), count)],
    [
      text('unknown'),
      said(of('oldest_unknown_age_seconds'), (age) =>
        age === 0 ? text('none') : text('oldestUnknown', { age: duration(age * 1_000) }),
      ),
    ],
    [text('pendingWrites'), said(of('pending_writes'), count)],
    ...oldestEvents.map(({ labels, value }) => [
      `${text('oldestEvent')} ${labels.endpoint ?? ''}`,
      value === 0 ? text('none') : duration(value * 1_000),
    ]),
  ]} />`
}

function Limits({ metrics }) {
  const most = samplesOf(metrics, 'caller_limit_max')
  if (most.length === 0) return html`<p>${text('limitsNone')}</p>`
  const used = samplesOf(metrics, 'caller_limit_used')
  const rows = most.map(({ labels, value }) => ({
    ...labels,
    max: value,
    used: used.find(
      (sample) => sample.labels.caller === labels.caller && sample.labels.limit === labels.limit,
    )?.value,
  }))
  const shown = ({ limit }, value) => (limit === 'max_amount_per_day' ? money(value) : count(value))
  const columns = [
    { label: text('caller'), cell: ({ caller }) => caller },
    { label: text('limit'), cell: ({ limit }) => html`<span class="code">${limit}</span>` },
    {
      label: text('used'),
      class: 'number',
      cell: (row) => html`${shown(row, row.used)} / ${shown(row, row.max)}`,
    },
    {
      label: '%',
      class: 'number',
      cell: (row) =>
        html`<meter min="0" max=${row.max} high=${row.max * 0.8} value=${row.used ?? 0} aria-label=${text('used')}></meter> ${row.used === undefined ? '–' : Math.round((row.used / row.max) * 100)} %`,
    },
  ]
  return html`<${Table} caption=${text('limits')} columns=${columns} rows=${rows} />`
}

function Accounts({ identity }) {
  const columns = [
    { label: text('member_account'), cell: ({ name }) => name },
    { label: text('pg'), cell: ({ pg }) => pg },
  ]
  return html`<${Table} caption=${text('accounts')} columns=${columns} rows=${identity.accounts} />`
}
