// The queue of what is not settled, oldest first.
import { AccountChoice, Choice } from '../fields.js'
import { koreanTime } from '../format.js'
import { listRefunds, readPayment } from '../gateway.js'
import { Notice, Pager, Reading } from '../parts.js'
import { useReading } from '../reading.js'
import { OpenRefunds } from '../refund-table.js'
import { advice } from '../rules.js'
import { gatewayNow } from '../session.js'
import { text, word } from '../texts.js'
import { html, useEffect, useState } from '../ui.js'

const PAGE_SIZE = 20
const REFRESH_MS = 15_000
const AT_ONCE = 4
const STATUSES = ['unknown', 'awaiting_deposit', 'processing']

export function UnknownScreen({ route, identity }) {
  const { status = 'unknown', account = '', cursor } = route.query
  const list = useReading(
    async (signal) => {
      const page = await listRefunds({ status, account, cursor, limit: PAGE_SIZE }, signal)
      return { ...page, at: gatewayNow() }
    },
    [status, account, cursor],
    REFRESH_MS,
  )
  const notifications = useNotifications(list.data?.data ?? [])
  const go = (query) => dispatchEvent(new CustomEvent('console:go', { detail: { to: 'unknown', query } }))
  const more = [
    {
      label: text('known'),
      cell: (refund) => html`<${Known} refund=${refund} notifications=${notifications[refund.id]} />`,
    },
    {
      label: text('toDo'),
      class: 'prose',
      cell: (refund) => html`<${ToDo} refund=${refund} identity=${identity} />`,
    },
  ]
  return html`
    <h1 tabindex="-1">${text('unknownQueue')}</h1>
    <p class="lead">${text('unknownHelp')}</p>
    <div class="filters">
      <${Choice} label=${text('member_status')} value=${status} onInput=${(value) => go({ status: value, account })}
        options=${STATUSES.map((each) => [each, word('status', each)])} />
      <${AccountChoice} identity=${identity} value=${account} mayBeAny onInput=${(value) => go({ status, account: value })} />
      <button type="button" onClick=${list.again}>${text('refresh')}</button>
    </div>
    <${Reading} of=${list}>${({ data, next_cursor, at }) => html`
      <p class="quiet" role="status">${text('shown', { count: data.length })}, ${text('updatedAt', { time: koreanTime(at) })}</p>
      ${
        data.length === 0
          ? html`<${Notice} kind="good"><p>${text('queueNone')}</p><//>`
          : html`<${OpenRefunds} refunds=${data} caption=${word('status', status)} more=${more} />`
      }
      <${Pager} to="unknown" query=${{ status, account, cursor }} nextCursor=${next_cursor} />
    `}<//>
  `
}

/** How many notifications came for the payment of each of these, by the refund's id: read after the list, a few at a time. */
function useNotifications(refunds) {
  const [found, setFound] = useState({})
  const ids = refunds.map(({ id }) => id).join()
  useEffect(() => {
    const controller = new AbortController()
    const waiting = refunds.filter(({ id, tid }) => tid !== undefined && found[id] === undefined)
    async function work() {
      for (let refund = waiting.shift(); refund !== undefined; refund = waiting.shift()) {
        const { id, tid, account } = refund
        const ledger = await readPayment(tid, account, controller.signal).catch(() => null)
        if (controller.signal.aborted) return
        setFound((before) => ({ ...before, [id]: ledger?.notifications?.length ?? null }))
      }
    }
    for (let worker = 0; worker < AT_ONCE; worker++) work()
    return () => controller.abort()
  }, [ids])
  return found
}

function Known({ refund, notifications }) {
  const { cancel_code, cancel_msg } = refund.provider ?? {}
  return html`<ul class="known">
    <li>${cancel_code || cancel_msg ? html`<span class="code">${cancel_code ?? '–'}</span> ${cancel_msg ?? ''}` : text('noAnswer')}</li>
    <li>${text('lookups')}: ${text(refund.kind === 'full' ? 'lookupsFull' : 'lookupsNone')}</li>
    ${notifications > 0 && html`<li>${text('notifications')}: ${text('notificationsOf', { count: notifications })}</li>`}
  </ul>`
}

export function ToDo({ refund, identity }) {
  return html`${advice(refund, identity).map((name) => html`<p>${text(name)}</p>`)}`
}
