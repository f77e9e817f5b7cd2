// A list of refunds.
import { Age, Money, PaymentLink, RefundLink, Status, Table, Time } from './parts.js'
import { text, word } from './texts.js'
import { html } from './ui.js'

const id = { label: () => text('member_id'), cell: (refund) => html`<${RefundLink} id=${refund.id} />` }
const status = { label: () => text('member_status'), cell: (refund) => html`<${Status} refund=${refund} />` }
const amount = {
  label: () => text('member_amount'),
  class: 'number',
  cell: (refund) =>
    html`<${Money} of=${refund.amount} /> <span class="quiet">${word('kind', refund.kind)}</span>`,
}
const payment = {
  label: () => text('member_tid'),
  // One that was cut down says nothing of its payment.
  cell: ({ tid, account }) =>
    tid === undefined ? '–' : html`<${PaymentLink} tid=${tid} account=${account} />`,
}
const account = { label: () => text('member_account'), cell: (refund) => refund.account ?? '–' }
const caller = { label: () => text('caller'), cell: (refund) => refund.requested_by ?? '–' }
const reference = { label: () => text('member_reference'), cell: (refund) => refund.reference ?? '–' }
const created = {
  label: () => text('member_created_at'),
  cell: (refund) => html`<${Time} at=${refund.created_at} />`,
}
const updated = {
  label: () => text('member_updated_at'),
  cell: ({ updated_at }) => html`<${Time} at=${updated_at} />`,
}
const age = {
  label: () => text('age'),
  class: 'age',
  cell: (refund) => html`<${Age} at=${refund.created_at} />`,
}

const named = (columns) => columns.map(({ label, ...column }) => ({ ...column, label: label() }))

/** Of one payment, which needs not be said in each row. */
export function RefundsOfPayment({ refunds, caption }) {
  const columns = named([status, amount, id, caller, reference, created])
  return html`<${Table} caption=${caption} isCaptionSeen columns=${columns} rows=${refunds} keyOf=${(refund) => refund.id} />`
}

/** Of many payments. */
export function FoundRefunds({ refunds, caption }) {
  const columns = named([updated, status, amount, payment, account, caller, reference, id])
  return html`<${Table} caption=${caption} isCaptionSeen columns=${columns} rows=${refunds} keyOf=${(refund) => refund.id} />`
}

/** What is not settled: `more` are the columns that say what is known and what to do. */
export function OpenRefunds({ refunds, caption, more }) {
  const columns = [...named([age, amount, payment, account, caller]), ...more, ...named([id])]
  return html`<${Table} caption=${caption} columns=${columns} rows=${refunds} keyOf=${(refund) => refund.id} />`
}
