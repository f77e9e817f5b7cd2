// The curve of a day: what was refunded, declined and unknown in each hour.
import { count, koreanHour, money } from './format.js'
import { Table } from './parts.js'
import { text } from './texts.js'
import { html } from './ui.js'

const HOURS = Array.from({ length: 24 }, (_, hour) => hour)
const SERIES = ['succeeded', 'failed', 'unknown']
const NAMES = { succeeded: 'succeeded', failed: 'declined', unknown: 'unknownOrDisputed' }
const HEIGHT = 100
/** An hour of so many is named. */
const TICK = 3
const STEP = 40

/** 24 empty hours. */
export function noHours() {
  return HOURS.map((hour) => ({ hour, number: 0, succeeded: 0, failed: 0, unknown: 0 }))
}

/** Counts a refund in the hour of its last change. */
export function countIn(hours, { status, disputed, amount, updated_at }) {
  const hour = hours[koreanHour(updated_at)]
  if (hour === undefined) return
  const series = disputed || !SERIES.includes(status) ? 'unknown' : status
  hour.number += 1
  hour[series] += amount
}

export function Curve({ hours }) {
  const highest = Math.max(1, ...hours.map((hour) => SERIES.reduce((sum, series) => sum + hour[series], 0)))
  const busy = hours.filter(({ number }) => number > 0)
  const columns = [
    { label: text('hour'), cell: ({ hour }) => `${twoDigits(hour)}:00` },
    { label: text('number'), class: 'number', cell: ({ number }) => count(number) },
    ...SERIES.map((series) => ({
      label: text(NAMES[series]),
      class: 'number',
      cell: (hour) => money(hour[series]),
    })),
  ]
  return html`<figure class="curve">
    <p class="tick">${money(highest)}</p>
    <svg viewBox=${`0 0 ${24 * STEP} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
      ${hours.map((hour) => html`<${Column} hour=${hour} highest=${highest} />`)}
    </svg>
    <div class="ticks" aria-hidden="true">${HOURS.filter((hour) => hour % TICK === 0).map((hour) => html`<span>${twoDigits(hour)}</span>`)}</div>
    <figcaption>${SERIES.map(
      (series) =>
        html`<span><span class=${`swatch series-${series}`} aria-hidden="true"></span>${text(NAMES[series])}</span>`,
    )}</figcaption>
    <details><summary>${text('asTable')}</summary>
      <${Table} caption=${text('curveHelp')} columns=${columns} rows=${busy} keyOf=${({ hour }) => hour} />
    </details>
  </figure>`
}

function twoDigits(hour) {
  return String(hour).padStart(2, '0')
}

function Column({ hour, highest }) {
  const scale = (amount) => (amount / highest) * HEIGHT
  let top = HEIGHT
  return html`<g>
    ${SERIES.filter((series) => hour[series] > 0).map((series) => {
      const height = Math.max(1, scale(hour[series]))
      top -= height
      return html`<rect class=${`series-${series}`} x=${hour.hour * STEP + 4} y=${top} width=${STEP - 8} height=${height} />`
    })}
  </g>`
}
