// Small parts that every screen is made of.
import { duration, koreanTime, money } from './format.js'
import { useNow } from './reading.js'
import { hasText, text, word } from './texts.js'
import { html, useEffect, useId, useRef, useState } from './ui.js'

/** A link to a screen: `to` is its path, `query` what it shows. */
export function addressTo(to, query = {}) {
  const given = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  )
  return `#/${to}${given.length === 0 ? '' : `?${new URLSearchParams(given)}`}`
}

export function Link({ to, query, children, ...rest }) {
  return html`<a href=${addressTo(to, query)} ...${rest}>${children}</a>`
}

export function RefundLink({ id }) {
  return html`<${Link} to=${`refund/${encodeURIComponent(id)}`} class="code">${id}<//>`
}

export function PaymentLink({ tid, account }) {
  return html`<${Link} to=${`payment/${encodeURIComponent(tid)}`} query=${{ account }} class="code">${tid}<//>`
}

export function Money({ of }) {
  return html`<span class="money">${money(of)}</span>`
}

export function Time({ at }) {
  if (at === null || at === undefined) return html`<span>–</span>`
  return html`<time datetime=${at} title=${at}>${koreanTime(at)}</time>`
}

/** How long ago, or in how long, in words. */
export function Age({ at }) {
  const now = useNow()
  const ms = now - Date.parse(at)
  const age = duration(Math.abs(ms))
  return html`<span>${ms < 0 ? text('in', { age }) : text('ago', { age })}</span>`
}

/** A refund's state, by shape and word and not by colour alone. */
export function Status({ refund }) {
  const state = refund.disputed ? 'disputed' : refund.status
  return html`<span class=${`status status-${state}`}>${word('status', state)}</span>`
}

export function Loading({ label }) {
  return html`<p class="loading" role="status"><span class="spinner" aria-hidden="true"></span>${label ?? text('loading')}</p>`
}

export function Notice({ kind = 'info', children }) {
  return html`<div class=${`notice notice-${kind}`} role=${kind === 'bad' ? 'alert' : 'status'}>${children}</div>`
}

function whatHappened(problem) {
  if (problem.detail) return problem.detail
  if (hasText(problem.code)) return text(problem.code, problem)
  return problem.message ?? String(problem)
}

/** What went wrong, in the gateway's words, and what to do about it. */
export function Problem({ problem, again, isOfReading = false }) {
  if (!problem) return null
  const after = problem.retryAfter ? text('retryAfter', { seconds: problem.retryAfter }) : ''
  const { code, errors = [], refund, instance } = problem
  const retry = isOfReading && problem.retry === 'fix_request' ? 'ask_otherwise' : problem.retry
  return html`<${Notice} kind="bad">
    <p><strong>${text('problem')}</strong>${code && html` <span class="code">${code}</span>`}</p>
    <p>${whatHappened(problem)}</p>
    ${errors.length > 0 && html`<ul>${errors.map(({ pointer, detail }) => html`<li><span class="code">${pointer}</span> ${detail}</li>`)}</ul>`}
    ${refund && html`<p><${Status} refund=${refund} /> <${RefundLink} id=${refund.id} /></p>`}
    ${hasText(`retry_${retry}`) && html`<p><strong>${text('whatToDo')}:</strong> ${text(`retry_${retry}`, { after })}</p>`}
    ${again && html`<p><button type="button" onClick=${again}>${text('tryAgain')}</button></p>`}
    ${instance?.startsWith('urn:') && html`<p class="quiet">${text('requestId')} <span class="code">${instance}</span></p>`}
  <//>`
}

/** What a reading has brought: a sign that it is under way, what went wrong, or the children. */
export function Reading({ of, children }) {
  const { data, problem, isReading, again } = of
  return html`
    <${Problem} problem=${problem} again=${again} isOfReading />
    ${data === null ? isReading && html`<${Loading} />` : children(data)}
  `
}

/**
 * A table that becomes a list of cards where it is narrow; roles are said, since some browsers drop them with the
 * layout. `columns`: `{label, cell(row), class}`. What a heading says already needs no caption that is seen.
 */
export function Table({ caption, isCaptionSeen = false, columns, rows, keyOf, foot }) {
  return html`<table role="table" class="cards">
    <caption class=${isCaptionSeen ? '' : 'unseen'}>${caption}</caption>
    <thead role="rowgroup"><tr role="row">
      ${columns.map(({ label, class: kind }) => html`<th role="columnheader" scope="col" class=${kind}>${label}</th>`)}
    </tr></thead>
    <tbody role="rowgroup">
      ${rows.map(
        (row, index) => html`<tr role="row" key=${keyOf?.(row) ?? index}>
        ${columns.map(({ label, cell, class: kind }) => html`<td role="cell" class=${kind} data-label=${label}><div>${cell(row)}</div></td>`)}
      </tr>`,
      )}
    </tbody>
    ${
      foot &&
      html`<tfoot role="rowgroup"><tr role="row">
      ${columns.map(({ label, class: kind }, index) => html`<td role="cell" class=${kind} data-label=${label}><div>${foot[index]}</div></td>`)}
    </tr></tfoot>`
    }
  </table>`
}

/** Pairs of a name and what is known; those that are null are left out. */
export function Facts({ of }) {
  const shown = of.filter(([, value]) => value !== null && value !== undefined && value !== '')
  return html`<dl class="facts">
    ${shown.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}
  </dl>`
}

/** Hidden until somebody asks: what is somebody's own. */
export function Masked({ what, children }) {
  const [isShown, setShown] = useState(false)
  const toggle = html`<button type="button" class="small" aria-expanded=${isShown} onClick=${() => setShown(!isShown)}>
    ${isShown ? text('hide') : text('show')}<span class="unseen"> ${what}</span>
  </button>`
  return html`<span class="masked">${isShown ? children : html`<span aria-label=${text('hidden')} role="img">••••••</span>`} ${toggle}</span>`
}

export function Copyable({ value, label }) {
  const [isCopied, setCopied] = useState(false)
  async function copy() {
    try {
      await navigator.clipboard.writeText(value)
      setCopied(true)
    } catch {
      setCopied(false)
    }
  }
  return html`<div class="copyable">
    <pre tabindex="0" role="region" aria-label=${label}>${value}</pre>
    <button type="button" class="small" onClick=${copy}>${text('copy')}<span class="unseen"> ${label}</span></button>
    <span role="status">${isCopied && text('copied')}</span>
  </div>`
}

/** Asks before something is done. The browser keeps the focus within, and Escape closes it. */
export function Confirm({ title, go, isRunning, onConfirm, onClose, children }) {
  const dialog = useRef(null)
  const id = useId()
  useEffect(() => {
    dialog.current.showModal()
  }, [])
  return html`<dialog ref=${dialog} aria-labelledby=${id} onClose=${onClose}>
    <h2 id=${id}>${title}</h2>
    ${children}
    <div class="buttons">
      <button type="button" class="primary" disabled=${isRunning} onClick=${onConfirm}>${isRunning ? text('sending') : go}</button>
      <button type="button" onClick=${() => dialog.current.close()}>${text('cancel')}</button>
    </div>
  </dialog>`
}

/** Where a long list goes on; the browser's own way back leads to the page before. */
export function Pager({ to, query, nextCursor }) {
  if (nextCursor === null && query.cursor === undefined) return null
  return html`<nav class="pager" aria-label=${text('pages')}>
    ${query.cursor !== undefined && html`<${Link} to=${to} query=${{ ...query, cursor: undefined }}>${text('firstPage')}<//>`}
    ${nextCursor !== null && html`<${Link} to=${to} query=${{ ...query, cursor: nextCursor }} rel="next">${text('nextPage')}<//>`}
  </nav>`
}
