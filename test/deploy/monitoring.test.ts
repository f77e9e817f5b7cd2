import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { parse } from 'yaml'
import { until } from '../support/calls.ts'
import { startEventReceiver } from '../support/event-receiver.ts'
import { refundRequest, startAll } from '../support/gateway.ts'

const ROOT = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')

type Rule = Readonly<{
  alert: string
  expr: string
  for?: string
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
}>
type Panel = Readonly<{ title: string; type: string; targets?: readonly Readonly<{ expr: string }>[] }>

const rules = (
  parse(read('deploy/prometheus/alerts.yaml')) as { groups: { name: string; rules: Rule[] }[] }
).groups.flatMap(({ rules }) => rules)
const dashboard = JSON.parse(read('deploy/grafana/refund-gateway.json')) as {
  panels: Panel[]
  templating: { list: { name: string; definition?: string }[] }
}

/** Labels that Prometheus gives each series of a target that it scrapes. */
const TARGET_LABELS = ['job', 'instance']

/** What PromQL has names for, but for functions, which stand before a parenthesis. */
const KEYWORDS = new Set('by without on ignoring and or unless bool offset group_left group_right'.split(' '))

/** A metric of an expression, with the labels that are asked of it: a value, or null where it is a pattern. */
type Selector = Readonly<{ metric: string; labels: ReadonlyMap<string, string | null> }>

function selectorsOf(expression: string): Selector[] {
  const withoutGroups = expression
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, ' ')
  const names = /(?<![\w:.])([a-zA-Z_:][\w:]*)(?![\w:])(?!\s*\()\s*(\{[^}]*\})?/g
  return [...withoutGroups.matchAll(names)]
    .filter(([, name = '']) => !KEYWORDS.has(name))
    .map(([, metric = '', selector = '']) => ({ metric, labels: labelsOf(selector) }))
}

function labelsOf(selector: string): Map<string, string | null> {
  const matchers = selector.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)
  return new Map(
    [...matchers].map(([, name = '', operator, value = '']) => [name, operator === '=' ? value : null]),
  )
}

/** The series of a metric, each as its labels, by the metric's name. */
function seriesOf(text: string): Map<string, Map<string, string>[]> {
  const found = new Map<string, Map<string, string>[]>()
  for (const line of text.split('\n')) {
    const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? []
    if (name === undefined) continue
    const values = new Map(
      [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => [label, value]),
    )
    found.set(name, [...(found.get(name) ?? []), values])
  }
  return found
}

t.test('the selectors of an expression are found', async (t) => {
  const found = selectorsOf(
    'sum by (le, job) (rate(a_bucket{job=~"$job",call="x"}[5m])) > 0.05 * max(b_total) and absent(c == 1)',
  )
  t.strictSame(
    found.map(({ metric, labels }) => [metric, [...labels]]),
    [
      [
        'a_bucket',
        [
          ['job', null],
          ['call', 'x'],
        ],
      ],
      ['b_total', []],
      ['c', []],
    ],
  )
})

t.test('everything that the dashboard and the alerts ask for is on /metrics', async (t) => {
  const limits = [{ caller: 'anonymous', max_refunds_per_day: 100 }]
  const receiver = await startEventReceiver(t)
  const { request, refund } = await startAll(t, {
    CALLER_LIMITS: JSON.stringify(limits),
    EVENT_ENDPOINTS: JSON.stringify([receiver.endpoint('orders')]),
    RECONCILE_DAILY_AT: '00:00',
    RECONCILE_INTERVAL_MS: '300',
  })
  const text = async () => (await request<string>('/metrics')).body
  // Of yesterday there is nothing.
  await until('a reconciled day', async () => (await text()).includes('reconciliation_differences{'))
  await refund(refundRequest())
  const { body: unknown } = await refund(refundRequest({ tid: 'html-metrics-10000' }))
  await request(`/refunds/${unknown.id}/resolve`, { body: { outcome: 'succeeded', note: 'seen' } })
  await until('an event is delivered', () => receiver.events.some(({ status }) => status === 204))
  await sleep(100)
  const { body } = await request<string>('/metrics')
  const series = seriesOf(body)
  const expressions = [
    ...rules.map(({ alert, expr }) => [alert, expr] as const),
    ...dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => [title, expr] as const),
    ),
  ]
  for (const [where, expression] of expressions) {
    const selectors = selectorsOf(expression)
    t.ok(selectors.length > 0, `${where}: asks for something`)
    for (const { metric, labels } of selectors) {
      const found = series.get(metric) ?? []
      const isThere = found.some((values) =>
        [...labels].every(
          ([label, value]) =>
            TARGET_LABELS.includes(label) ||
            (value === null ? values.has(label) : values.get(label) === value),
        ),
      )
      t.ok(isThere, `${where}: ${metric} with ${[...labels].join(' ') || 'no labels'}`)
    }
  }
  for (const { name, definition } of dashboard.templating.list) {
    const [, metric] = /^label_values\((\w+), \w+\)$/.exec(definition ?? '') ?? []
    if (definition !== undefined)
      t.ok(series.has(metric ?? ''), `the variable ${name} is read from ${metric}`)
  }
})

t.test('the gateway names its metrics as Prometheus has it', async (t) => {
  const { request, refund } = await startAll(t)
  await refund(refundRequest())
  const { body } = await request<string>('/metrics')
  const types = [...body.matchAll(/^# TYPE (refund_gateway_\w+) (\w+)$/gm)]
  t.ok(types.length >= 14, `${types.length} metrics`)
  for (const [, name = '', type] of types) {
    if (type === 'counter') t.match(name, /_total$/)
    else t.notMatch(name, /_total$/)
    if (type === 'histogram') t.match(name, /_seconds$/)
    t.notMatch(name, /_(ms|millis|milliseconds|minutes|hours)(_|$)/, `${name} in base units`)
  }
  const explained = [...read('docs/operating.md').matchAll(/^- `(refund_gateway_\w+)`:/gm)].map(
    ([, name]) => name,
  )
  t.strictSame(explained.sort(), types.map(([, name]) => name).sort(), 'each is explained to operators')
})

t.test('each alert says what it means, and has its section in the runbook', async (t) => {
  const runbook = read('docs/runbook.md')
  const sections = new Map(
    runbook
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.split('\n', 1)[0] ?? '', section] as const),
  )
  t.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length, 'no name twice')
  for (const { alert, labels, annotations } of rules) {
    t.ok(['page', 'ticket'].includes(labels.severity ?? ''), `${alert}: severity`)
    t.ok(annotations.summary && annotations.description, `${alert}: summary and description`)
    t.equal(annotations.runbook_url, `docs/runbook.md#${alert.toLowerCase()}`)
    const section = sections.get(alert) ?? ''
    for (const part of ['**Means.**', '**Look at.**', '**Do.**']) {
      t.ok(section.includes(part), `${alert}: the runbook says ${part}`)
    }
  }
  const known = new Set(['Where to look', ...rules.map(({ alert }) => alert)])
  t.strictSame(
    [...sections.keys()].filter((title) => !known.has(title)),
    [],
    'no section of an alert that is gone',
  )
})

t.test('the links of the runbook lead somewhere', async (t) => {
  const anchorsOf = (path: string) =>
    [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    )
  for (const [, target = ''] of read('docs/runbook.md').matchAll(/\]\(([^)]+)\)/g)) {
    const [file = '', anchor] = target.split('#')
    const path =
      file === '' ? 'docs/runbook.md' : new URL(file, new URL('docs/', ROOT)).href.slice(ROOT.href.length)
    t.doesNotThrow(() => read(path), `${target}: the file`)
    if (anchor !== undefined) t.ok(anchorsOf(path).includes(anchor), `${target}: the section`)
  }
})
