// Finding a refund by whatever is in hand.
import { AccountChoice, Choice, Field, Form } from '../fields.js'
import { canMakeIds, findByReference, REFUND_ID, refundIdOf } from '../finding.js'
import { count, dateAfter, koreanDate } from '../format.js'
import { listRefunds } from '../gateway.js'
import { addressTo, Loading, Notice, Pager, Problem, Reading } from '../parts.js'
import { useAction, useReading } from '../reading.js'
import { FoundRefunds } from '../refund-table.js'
import { gatewayNow, may } from '../session.js'
import { text, word } from '../texts.js'
import { html, useEffect, useRef, useState } from '../ui.js'

const PAGE_SIZE = 50
const WEEK = 6
/** Of what is found by date; a disputed refund is a failed one. */
const STATUSES = ['succeeded', 'failed', 'disputed', 'unknown', 'awaiting_deposit']

const open = (to, query) => {
  location.hash = addressTo(to, query).slice(1)
}

export function FindScreen({ route, identity }) {
  const { query } = route
  const isAsked = query.from !== undefined || query.tid !== undefined
  return html`
    <h1 tabindex="-1">${text('find')}</h1>
    <div class="columns no-print">
      <section><h2>${text('findKnown')}</h2><${ByName} identity=${identity} /></section>
      <section><h2>${text('findKey')}</h2><${ByKey} identity=${identity} /></section>
    </div>
    <section class="no-print"><h2>${text('findTime')}</h2><${ByTime} identity=${identity} query=${query} /></section>
    ${isAsked && html`<section><h2>${text('found')}</h2>${query.reference ? html`<${FoundByReference} query=${query} />` : html`<${Found} query=${query} />`}</section>`}
  `
}

function ByName({ identity }) {
  const [name, setName] = useState('')
  const [account, setAccount] = useState(identity.accounts[0]?.name ?? '')
  function go() {
    const wanted = name.trim()
    if (REFUND_ID.test(wanted)) open(`refund/${wanted}`)
    else
      open(`payment/${encodeURIComponent(wanted)}`, {
        account: identity.accounts.length > 1 ? account : undefined,
      })
  }
  return html`<${Form} onSubmit=${go}>
    <${Field} label=${text('findAny')} help=${text('findAnyHelp')} value=${name} onInput=${setName} maxlength="64" />
    <${AccountChoice} identity=${identity} value=${account} onInput=${setAccount} />
    <div class="buttons"><button class="primary">${text('findGo')}</button></div>
  <//>`
}

function ByKey({ identity }) {
  const [caller, setCaller] = useState(identity.caller)
  const [key, setKey] = useState('')
  if (!canMakeIds) return html`<p>${text('findKeyNot')}</p>`
  const go = async () => open(`refund/${await refundIdOf(caller.trim(), key.trim())}`)
  return html`<${Form} onSubmit=${go}>
    <${Field} label=${text('caller')} value=${caller} onInput=${setCaller} maxlength="64" readonly=${!may('read_all')} />
    <${Field} label=${text('idempotencyKey')} value=${key} onInput=${setKey} maxlength="255" pattern="[!-~]+" />
    <div class="buttons"><button class="primary">${text('findKeyGo')}</button></div>
  <//>`
}

function ByTime({ identity, query }) {
  const today = koreanDate(gatewayNow())
  const [wish, setWish] = useState({
    from: query.from ?? dateAfter(today, -WEEK),
    to: query.to ?? today,
    status: query.status ?? '',
    account: query.account ?? '',
    caller: query.caller ?? '',
    reference: query.reference ?? '',
  })
  const change = (member) => (value) => setWish((before) => ({ ...before, [member]: value }))
  const statuses = STATUSES.map((status) => [status, word('status', status)])
  return html`<${Form} onSubmit=${() => open('find', wish)}>
    <p class="help">${text('findTimeHelp')}</p>
    <div class="fields">
      <${Field} type="date" label=${text('from')} value=${wish.from} onInput=${change('from')} />
      <${Field} type="date" label=${text('to')} value=${wish.to} onInput=${change('to')} />
      <${Choice} label=${text('member_status')} value=${wish.status} onInput=${change('status')} options=${[['', text('all')], ...statuses]} />
      <${AccountChoice} identity=${identity} value=${wish.account} onInput=${change('account')} mayBeAny />
      ${may('read_all') && html`<${Field} isOptional label=${text('caller')} value=${wish.caller} onInput=${change('caller')} maxlength="64" />`}
      <${Field} isOptional label=${text('member_reference')} value=${wish.reference} onInput=${change('reference')} maxlength="64" />
    </div>
    <div class="buttons"><button class="primary">${text('search')}</button></div>
  <//>`
}

/** What the interface is asked for: it knows no status `disputed`. */
function asked({ status, ...query }) {
  return { ...query, status: status === 'disputed' ? 'failed' : status }
}

function fits({ status }, refund) {
  return status !== 'disputed' || refund.disputed === true
}

function Found({ query }) {
  const list = useReading(
    (signal) => listRefunds({ ...asked(query), limit: PAGE_SIZE }, signal),
    [JSON.stringify(query)],
  )
  return html`<${Reading} of=${list}>${({ data, next_cursor }) => {
    const shown = data.filter((refund) => fits(query, refund))
    return html`<${Matches} refunds=${shown} /><${Pager} to="find" query=${query} nextCursor=${next_cursor} />`
  }}<//>`
}

function Matches({ refunds }) {
  if (refunds.length === 0) return html`<p role="status">${text('foundNone')}</p>`
  return html`<${FoundRefunds} refunds=${refunds} caption=${text('shown', { count: refunds.length })} />`
}

/** No list is by reference, so one by time is read to its end: that takes a while, and can be stopped. */
function FoundByReference({ query }) {
  const { reference, ...rest } = query
  const [read, setRead] = useState(0)
  const controller = useRef(null)
  const action = useAction(() => {
    controller.current = new AbortController()
    return findByReference(asked(rest), reference, { onProgress: setRead, signal: controller.current.signal })
  })
  useEffect(() => {
    action.start()
    return () => controller.current?.abort()
  }, [JSON.stringify(query)])
  const { result, isRunning, problem } = action
  return html`
    <${Problem} problem=${problem} again=${action.start} />
    ${isRunning && html`<${Loading} label=${text('readSoFar', { count: count(read), found: '…' })} /><button type="button" onClick=${() => controller.current.abort()}>${text('stop')}</button>`}
    ${
      result &&
      html`<p class="quiet">${text('readSoFar', { count: count(read), found: result.matches.length })}</p>
      <${Matches} refunds=${result.matches.filter((refund) => fits(query, refund))} />
      ${!result.isWhole && html`<${Notice}><p>${text('foundMore')}</p><//>`}`
    }
  `
}
