// Everything about one refund.

import { koreanTime, money } from '../format.js'
import { askForDeposit, readEvents, readRefund } from '../gateway.js'
import {
  Age,
  Confirm,
  Copyable,
  Facts,
  Loading,
  Masked,
  Money,
  Notice,
  PaymentLink,
  Problem,
  Reading,
  Status,
  Time,
} from '../parts.js'
import { useAction, useReading } from '../reading.js'
import { ResolveForm, ResolveUnread } from '../resolve-form.js'
import { canAskForDeposit, isOpen } from '../rules.js'
import { addressOf, may } from '../session.js'
import { text, word } from '../texts.js'
import { html, useState } from '../ui.js'
import { ToDo } from './unknown.js'

export function RefundScreen({ route, identity }) {
  const [id] = route.params
  if (!may('read', 'read_all'))
    return html`<h1 tabindex="-1">${text('refund')}</h1><${ResolveUnread} id=${id} />`
  return html`<${ReadRefund} id=${id} identity=${identity} />`
}

function ReadRefund({ id, identity }) {
  const found = useReading(
    async (signal) => {
      const [refund, events] = await Promise.all([readRefund(id, signal), readEvents(id, signal)])
      return { refund, events: events.data }
    },
    [id],
  )
  return html`
    <h1 tabindex="-1">${text('refund')} <span class="code">${id}</span></h1>
    <${Reading} of=${found}>${({ refund, events }) => html`<${Whole} refund=${refund} events=${events} identity=${identity} again=${found.again} />`}<//>
    ${found.problem?.code === 'not_found' && may('resolve') && !may('read_all') && html`<${ResolveUnread} id=${id} />`}
  `
}

function Whole({ refund, events, identity, again }) {
  return html`
    <p class="headline"><${Status} refund=${refund} /> <strong><${Money} of=${refund.amount} /></strong>
      <span>${word('kind', refund.kind)}</span> <${PaymentLink} tid=${refund.tid} account=${refund.account} />
      <span class="buttons"><button type="button" class="small" onClick=${again}>${text('refresh')}</button>
      <button type="button" class="small" onClick=${() => print()}>${text('print')}</button></span></p>
    ${isOpen(refund) && html`<section class="to-do"><h2>${text('toDo')}</h2><${ToDo} refund=${refund} identity=${identity} /></section>`}
    <section><h2>${text('details')}</h2><${Details} refund=${refund} /></section>
    ${refund.provider && html`<section><h2>${text('member_provider')}</h2><${Answer} of=${refund.provider} /></section>`}
    ${refund.deposit && html`<section><h2>${text('member_deposit')}</h2><${Deposit} deposit=${refund.deposit} /></section>`}
    <section><h2>${text('timeline')}</h2><${Timeline} entries=${events} /></section>
    ${may('resolve') && canAskForDeposit(refund, identity) && html`<${AskForDeposit} refund=${refund} again=${again} />`}
    ${may('resolve') && html`<${ResolveForm} refund=${refund} events=${events} identity=${identity} again=${again} />`}
    <${Repeats} refund=${refund} />
  `
}

function Details({ refund }) {
  const { refund_account, failure, resolution, metadata } = refund
  const pairs = Object.entries(metadata ?? {})
  return html`<${Facts} of=${[
    [text('member_account'), refund.account],
    [text('member_requested_by'), refund.requested_by],
    [
      text('member_created_at'),
      html`<${Time} at=${refund.created_at} /> (<${Age} at=${refund.created_at} />)`,
    ],
    [text('member_updated_at'), html`<${Time} at=${refund.updated_at} />`],
    [text('member_refunded_at'), refund.refunded_at && html`<${Time} at=${refund.refunded_at} />`],
    [text('member_reason'), refund.reason],
    [text('member_reference'), refund.reference],
    [text('member_tax_free_amount'), refund.tax_free_amount === null ? null : money(refund.tax_free_amount)],
    [text('member_refund_account'), refund_account && `${refund_account.bank} ${refund_account.account_no}`],
    [
      text('member_account_name'),
      refund_account &&
        html`<${Masked} what=${text('member_account_name')}>${refund_account.account_name}<//>`,
    ],
    [text('member_failure'), failure && html`<span class="code">${failure.code}</span> ${failure.detail}`],
    [text('member_resolution'), resolution && html`<${Resolution} of=${resolution} />`],
    [
      text('member_metadata'),
      pairs.length > 0 &&
        html`<${Masked} what=${text('member_metadata')}><dl class="pairs">${pairs.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl><//>`,
    ].map((each) => (each === false ? null : each)),
  ]} />`
}

function Resolution({ of: { source, by, note, at } }) {
  return html`${word('source', source)}${by && html` <strong>${by}</strong>`}, <${Time} at=${at} />${note && html`<br />${note}`}`
}

const ANSWERED = ['cancel_tid', 'cancel_code', 'cancel_msg', 'cancel_date', 'cancel_amt']

function Answer({ of }) {
  const said = ANSWERED.filter((member) => of[member])
  if (said.length === 0) return html`<p>${text('noAnswer')}</p>`
  return html`<${Facts} of=${said.map((member) => [text(`member_${member}`), html`<span class="code">${of[member]}</span>`])} />`
}

/** The answer's form is documented nowhere, so it is shown as it came. */
function Deposit({ deposit }) {
  const { requested_at, expires_at, answer } = deposit
  return html`
    <${Facts} of=${[
      [text('requestedAt'), requested_at && html`<${Time} at=${requested_at} />`],
      [text('member_status'), expires_at && text('depositExpires', { time: koreanTime(expires_at) })],
    ]} />
    ${
      answer === null || answer === undefined
        ? html`<${Notice} kind="bad"><p>${text('depositLost')}</p><//>`
        : html`<${Copyable} value=${typeof answer === 'string' ? answer : JSON.stringify(answer, null, 2)} label=${text('member_deposit')} />`
    }
  `
}

/** `entries`: `{at, event, source, by, note}`, and what it is of, where there are several. */
export function Timeline({ entries }) {
  return html`<ol class="timeline">
    ${entries.map(
      ({ at, event, source, by, note, of }) => html`<li class=${`event-${event}`}>
        <${Time} at=${at} /> <strong>${word('event', event)}</strong> ${of}
        <span class="quiet"> ${source && word('source', source)}${by && `: ${by}`}</span>
        ${note && html`<p class="note">${note}</p>`}
      </li>`,
    )}
  </ol>`
}

function AskForDeposit({ refund, again }) {
  const [isAsking, setAsking] = useState(false)
  const { isRunning, problem, result, start } = useAction(async () => {
    try {
      return await askForDeposit(refund.id)
    } finally {
      setAsking(false)
      again()
    }
  })
  return html`<section>
    <h2>${text('depositAsk')}</h2>
    <p>${text('depositHelp')}</p>
    <${Problem} problem=${problem} />
    ${result && html`<${Notice} kind="good"><p>${text('depositAsked')}</p><//>`}
    <div class="buttons"><button type="button" class="primary" disabled=${isRunning} onClick=${() => setAsking(true)}>${text('depositAsk')}</button></div>
    ${isRunning && html`<${Loading} label=${text('sending')} />`}
    ${
      isAsking &&
      html`<${Confirm} title=${text('depositAsk')} go=${text('depositAsk')} isRunning=${isRunning} onConfirm=${start} onClose=${() => setAsking(false)}>
      <p>${text('depositConfirm', { amount: money(refund.amount) })}</p>
    <//>`
    }
  </section>`
}

const REPLAYED_AS = { succeeded: 201, unknown: 202, awaiting_deposit: 202, failed: 422, processing: 409 }

function Repeats({ refund }) {
  const command = `curl -H "Authorization: Bearer $KEY" '${addressOf(`/refunds/${refund.id}`)}'`
  return html`<section>
    <h2>${text('replays')}</h2>
    <p>${text('replaysHelp')}</p>
    <pre tabindex="0" role="region" aria-label=${text('replays')}>HTTP ${REPLAYED_AS[refund.status] ?? ''}${'\n'}${refund.status === 'processing' ? 'Retry-After: 1' : 'Idempotent-Replayed: true'}</pre>
    <h3>${text('askByCurl')}</h3>
    <p class="help">${text('askByCurlHelp')}</p>
    <${Copyable} value=${command} label="curl" />
  </section>`
}
