// A payment's ledger as a bar, whose parts add up to what was paid.
import { Money } from './parts.js'
import { text } from './texts.js'
import { html } from './ui.js'

const PARTS = ['refunded', 'outside', 'in_flight', 'unknown', 'awaiting_deposit', 'disputed', 'remaining']

export function LedgerBar({ ledger }) {
  const sum = PARTS.reduce((total, part) => total + (ledger[part] ?? 0), 0)
  const shown = PARTS.filter((part) => ledger[part] > 0)
  return html`<div class="ledger">
    <svg class="bar" viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true" focusable="false">
      ${shown.map((part, index) => {
        const before = shown.slice(0, index).reduce((total, earlier) => total + ledger[earlier], 0)
        const scale = (amount) => (amount / Math.max(sum, 1)) * 1000
        return html`<rect class=${`part-${part}`} x=${scale(before)} y="0" width=${scale(ledger[part])} height="24" />`
      })}
    </svg>
    <dl class="legend">
      ${PARTS.filter((part) => ledger[part] !== undefined).map(
        (part) => html`<div class=${ledger[part] === 0 ? 'nothing' : ''}>
          <dt><span class=${`swatch part-${part}`} aria-hidden="true"></span>${text(`ledger_${part}`)}</dt>
          <dd><${Money} of=${ledger[part]} /></dd>
        </div>`,
      )}
    </dl>
    ${ledger.amount !== null && sum > ledger.amount && html`<p class="warning">${text('overRefunded')}</p>`}
  </div>`
}
