// What a person does beside reading: booking from outside, sending events again, and taking the books away.
import { AccountChoice, Choice, Field, Form } from '../fields.js'
import { count, koreanDate, koreanTime } from '../format.js'
import { readExport, redeliver } from '../gateway.js'
import { OutsideForm } from '../outside-form.js'
import { addressTo, Loading, Notice, Problem } from '../parts.js'
import { useAction } from '../reading.js'
import { gatewayNow, may } from '../session.js'
import { text } from '../texts.js'
import { html, useRef, useState } from '../ui.js'

const KIB = 1_024
const TYPES = { csv: 'text/csv', ndjson: 'application/x-ndjson' }
/** A link that is gone at once would end the download in some browsers. */
const KEPT_MS = 60_000

export function DeskScreen({ identity }) {
  return html`
    <h1 tabindex="-1">${text('desk')}</h1>
    ${may('read_all') && html`<section><h2>${text('exportTitle')}</h2><${Export} identity=${identity} /></section>`}
    ${may('resolve') && html`<section><h2>${text('outsideTitle')}</h2><${OutsideForm} /></section>`}
    ${may('resolve') && html`<section><h2>${text('redeliverTitle')}</h2><${Redeliver} /></section>`}
    ${may('resolve') && html`<section><h2>${text('resolveById')}</h2><${ResolveById} /></section>`}
  `
}

function Export({ identity }) {
  const today = koreanDate(gatewayNow())
  const [wish, setWish] = useState({ from: today, to: today, format: 'csv' })
  const [account, setAccount] = useState('')
  const [size, setSize] = useState(0)
  const controller = useRef(null)
  const change = (member) => (value) => setWish((before) => ({ ...before, [member]: value }))
  const action = useAction(async () => {
    controller.current = new AbortController()
    setSize(0)
    const chunks = []
    const onChunk = (chunk) => {
      chunks.push(chunk)
      setSize((before) => before + chunk.length)
    }
    await readExport({ ...wish, account }, { onChunk, signal: controller.current.signal })
    const name = `refunds-${wish.from}-${wish.to}.${wish.format}`
    save(new Blob(chunks, { type: TYPES[wish.format] }), name)
    return { name }
  })
  const { isRunning, result, problem, start } = action
  return html`<${Form} onSubmit=${start}>
    <p>${text('exportHelp')} ${text('exportHolds')}</p>
    <div class="fields">
      <${Field} type="date" label=${text('from')} value=${wish.from} onInput=${change('from')} />
      <${Field} type="date" label=${text('to')} value=${wish.to} onInput=${change('to')} />
      <${Choice} label=${text('format')} value=${wish.format} onInput=${change('format')}
        options=${[['csv', text('formatCsv')], ['ndjson', text('formatNdjson')]]} />
      <${AccountChoice} identity=${identity} value=${account} onInput=${setAccount} mayBeAny />
    </div>
    <${Problem} problem=${problem} />
    ${isRunning && html`<${Loading} label=${text('exportProgress', { size: sizeOf(size) })} />`}
    ${result && html`<${Notice} kind="good"><p>${text('exportDone', { size: sizeOf(size), name: result.name })}</p><//>`}
    <div class="buttons"><button class="primary" disabled=${isRunning}>${text('exportGo')}</button>
      ${isRunning && html`<button type="button" onClick=${() => controller.current.abort()}>${text('stop')}</button>`}</div>
  <//>`
}

function save(blob, name) {
  const url = URL.createObjectURL(blob)
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS)
}

function sizeOf(bytes) {
  return bytes < KIB * KIB
    ? `${count(Math.ceil(bytes / KIB))} KiB`
    : `${count(Math.round(bytes / KIB / KIB))} MiB`
}

function Redeliver() {
  const [endpoint, setEndpoint] = useState('')
  const today = koreanDate(gatewayNow())
  const [from, setFrom] = useState(`${today}T00:00`)
  const [to, setTo] = useState(`${today}T23:59`)
  const { isRunning, result, problem, start } = useAction(() =>
    redeliver({ endpoint, from: inKorea(from), to: inKorea(to) }),
  )
  return html`<${Form} onSubmit=${start}>
    <p>${text('redeliverHelp')}</p>
    <div class="fields">
      <${Field} label=${text('endpoint')} value=${endpoint} onInput=${setEndpoint} maxlength="64" />
      <${Field} type="datetime-local" label=${text('timeFrom')} value=${from} onInput=${setFrom} />
      <${Field} type="datetime-local" label=${text('timeTo')} value=${to} onInput=${setTo} />
    </div>
    <${Problem} problem=${problem} />
    ${result && html`<${Notice} kind="good"><p>${text('redeliverDone', { count: count(result.count) })} ${result.next_from && text('redeliverRest', { time: koreanTime(result.next_from) })}</p><//>`}
    <div class="buttons"><button class="primary" disabled=${isRunning}>${isRunning ? text('sending') : text('redeliverGo')}</button></div>
  <//>`
}

/** A field's local time as a time of Korea. */
function inKorea(local) {
  return `${local.length === 16 ? `${local}:00` : local}+09:00`
}

function ResolveById() {
  const [id, setId] = useState('')
  return html`<${Form} onSubmit=${() => {
    location.hash = addressTo(`refund/${encodeURIComponent(id.trim())}`).slice(1)
  }}>
    <${Field} label=${text('refundId')} value=${id} onInput=${setId} maxlength="64" />
    <div class="buttons"><button class="primary">${text('findGo')}</button></div>
  <//>`
}
