// The HTTP interface, a function for each thing that the page asks for. Each throws a problem (see session.js).
import { send } from './session.js'

function query(values) {
  const given = Object.entries(values).filter(
    ([, value]) => value !== undefined && value !== '' && value !== null,
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

async function json(path, options) {
  return (await send(path, options)).json()
}

const part = encodeURIComponent

export const listRefunds = (values, signal) => json(`/refunds${query(values)}`, { signal })
export const readRefund = (id, signal) => json(`/refunds/${part(id)}`, { signal })
export const readEvents = (id, signal) => json(`/refunds/${part(id)}/events`, { signal })
export const readPayment = (tid, account, signal) =>
  json(`/payments/${part(tid)}${query({ account })}`, { signal })
export const readReport = (date, signal) => json(`/reports/daily${query({ date })}`, { signal })

export const resolve = (id, body) => json(`/refunds/${part(id)}/resolve`, { method: 'POST', body })
export const askForDeposit = (id) => json(`/refunds/${part(id)}/deposit`, { method: 'POST' })
export const redeliver = (body) => json('/events/redeliver', { method: 'POST', body })

/** `key`: the same for each repeat of the same booking. */
export const bookOutside = (tid, body, key) =>
  json(`/payments/${part(tid)}/outside-refunds`, {
    method: 'POST',
    body,
    headers: { 'Idempotency-Key': key },
  })

/** `{status, parts}`, also where the gateway is not ready. */
export async function readReadiness(signal) {
  try {
    return await json('/readyz', { signal })
  } catch (problem) {
    if (problem.body?.parts !== undefined) return problem.body
    throw problem
  }
}

const SAMPLE = /^([a-z_:][\w:]*)(?:\{(.*)\})? ([^ ]+)$/i
const LABEL = /([a-z_]\w*)="((?:[^"\\]|\\.)*)"/gi

/** The metrics: `[{name, labels, value}]`. */
export async function readMetrics(signal) {
  const response = await send('/metrics', { signal })
  const lines = (await response.text()).split('\n')
  return lines.flatMap((line) => {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? []
    if (name === undefined) return []
    const found = [...labels.matchAll(LABEL)].map(([, label, text]) => [label, text.replace(/\\(.)/g, '$1')])
    return [{ name, labels: Object.fromEntries(found), value: Number(value) }]
  })
}

/** Reads the export as it comes: `onChunk` gets each piece of it, as bytes. */
export async function readExport(values, { onChunk, signal }) {
  const response = await send(`/refunds/export${query(values)}`, { signal })
  const reader = response.body.getReader()
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) onChunk(piece.value)
  } catch (error) {
    // An export that fails on the way is broken off: what came of it is not the whole.
    throw error.name === 'AbortError' ? error : Object.assign(error, { code: 'brokenOff', retry: 'same_key' })
  }
}
