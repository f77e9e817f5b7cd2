// A payment: its ledger, its refunds, what CookiePay has sent of it, and what happened when.
import { LedgerBar } from '../bar.js'
import { money } from '../format.js'
import { readEvents, readPayment } from '../gateway.js'
import { OutsideForm } from '../outside-form.js'
import { Facts, Money, Pager, Reading, RefundLink, Table, Time } from '../parts.js'
import { useReading } from '../reading.js'
import { RefundsOfPayment } from '../refund-table.js'
import { may } from '../session.js'
import { text, word } from '../texts.js'
import { html } from '../ui.js'
import { Timeline } from './refund.js'

/** More would be more requests than a look at a payment is worth. */
const HISTORIES = 20

export function PaymentScreen({ route }) {
  const [tid] = route.params
  const { account } = route.query
  const found = useReading((signal) => readPayment(tid, account, signal), [tid, account])
  return html`
    <h1 tabindex="-1">${text('payment')} <span class="code">${tid}</span></h1>
    <p class="filters no-print"><button type="button" class="small" onClick=${found.again}>${text('refresh')}</button>
      <button type="button" class="small" onClick=${() => print()}>${text('print')}</button></p>
    <${Reading} of=${found}>${(ledger) => html`<${Whole} ledger=${ledger} again=${found.again} />`}<//>
    ${found.problem?.code === 'not_found' && html`<p>${text('unknownPayment')}</p>`}
  `
}

function Whole({ ledger, again }) {
  const { refunds, notifications = [], outside_refunds: bookings = [], account, tid } = ledger
  return html`
    <section>
      <h2>${text('ledger')}</h2>
      <${Facts} of=${[
        [text('paid'), ledger.amount === null ? text('notPaidHere') : html`<${Money} of=${ledger.amount} />`],
        [text('member_tax_free_amount'), money(ledger.tax_free_amount, null)],
        [text('method'), ledger.method],
        [text('member_account'), account],
      ]} />
      <${LedgerBar} ledger=${ledger} />
    </section>
    <section>
      <h2>${text('paymentRefunds')}</h2>
      ${refunds.length === 0 ? html`<p>${text('none')}</p>` : html`<${RefundsOfPayment} refunds=${refunds} caption=${text('shown', { count: refunds.length })} />`}
      ${refunds.some((refund) => refund.tid === undefined) && html`<p class="help">${text('cutDown')}</p>`}
      <${Pager} to="find" query=${{ tid, account }} nextCursor=${ledger.next_cursor} />
    </section>
    ${bookings.length > 0 && html`<${Bookings} of=${bookings} />`}
    <section><h2>${text('notifications')}</h2><${Notifications} of=${notifications} /></section>
    <section><h2>${text('timeline')}</h2><${History} refunds=${refunds} notifications=${notifications} bookings=${bookings} /></section>
    ${may('resolve') && html`<section><h2>${text('outsideTitle')}</h2><${OutsideForm} ledger=${ledger} onDone=${again} /></section>`}
  `
}

function Notifications({ of }) {
  if (of.length === 0) return html`<p>${text('notificationsNone')}</p>`
  const columns = [
    { label: text('received'), cell: ({ received_at }) => html`<${Time} at=${received_at} />` },
    { label: text('type'), cell: ({ type }) => type ?? '–' },
    { label: text('member_amount'), class: 'number', cell: ({ amount }) => money(amount) },
    { label: text('date'), cell: ({ date }) => date ?? '–' },
    {
      label: text('matched'),
      cell: ({ refund, means }) => (refund ? html`<${RefundLink} id=${refund} />` : word('means', means)),
    },
  ]
  const isNews = of.some(({ means }) => means === 'none')
  return html`${isNews && html`<p class="warning">${text('adviseBook')}</p>`}
    <${Table} caption=${text('notifications')} columns=${columns} rows=${of} />`
}

/** What people have booked; what is of others is cut down to what explains the sums. */
function Bookings({ of }) {
  const columns = [
    { label: text('bookedAt'), cell: ({ at }) => html`<${Time} at=${at} />` },
    { label: text('member_amount'), class: 'number', cell: ({ amount }) => money(amount) },
    { label: text('bookedBy'), cell: ({ by }) => by ?? '–' },
    { label: text('note'), cell: ({ note }) => note ?? '–' },
  ]
  return html`<section><h2>${text('outsideRefunds')}</h2>
    <${Table} caption=${text('outsideRefunds')} columns=${columns} rows=${of} keyOf=${({ id }) => id} /></section>`
}

/** What happened to the refunds that this key may read, and what was sent of the payment, in one order. */
function History({ refunds, notifications, bookings }) {
  const readable = refunds.filter(({ tid }) => tid !== undefined)
  const first = readable.slice(0, HISTORIES)
  const found = useReading(
    async (signal) => {
      const lists = await Promise.all(first.map(({ id }) => readEvents(id, signal)))
      return lists.flatMap(({ data }, index) => {
        const { id, amount } = first[index]
        return data.map((event) => ({ ...event, of: html`${money(amount)} <${RefundLink} id=${id} />` }))
      })
    },
    [first.map(({ id, updated_at }) => `${id} ${updated_at}`).join()],
  )
  const sent = notifications.map(({ received_at, amount, type }) => ({
    at: received_at,
    event: 'notification',
    of: `${type ?? ''} ${money(amount)}`,
  }))
  const booked = bookings.map(({ at, amount, by, note }) => ({
    ...{ at, by, note, event: 'outside', source: 'operator', of: money(amount) },
  }))
  return html`
    ${readable.length > first.length && html`<p class="help">${text('timelineFirst', { count: HISTORIES })}</p>`}
    <${Reading} of=${found}>${(events) => html`<${Timeline} entries=${inOrder([...events, ...sent, ...booked])} />`}<//>
  `
}

function inOrder(entries) {
  return entries.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at))
}
