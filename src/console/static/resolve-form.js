// Settling a refund by hand. Its rules are said before anything can be pressed.
import { Field, Form, LongField } from './fields.js'
import { duration, koreanTime, money } from './format.js'
import { resolve } from './gateway.js'
import { Confirm, Notice, Problem } from './parts.js'
import { useAction, useNow } from './reading.js'
import { failableAt, isOpen, isOwn } from './rules.js'
import { text, word } from './texts.js'
import { html, useId, useState } from './ui.js'

const STATED = ['cancel_tid', 'cancel_code', 'cancel_msg', 'cancel_date', 'cancel_amt']
const NOTHING_STATED = { cancel_tid: '', cancel_code: '', cancel_msg: '', cancel_date: '', cancel_amt: '' }

/** Of a refund that is read. Shows what has become of it where somebody else was faster. */
export function ResolveForm({ refund, events, identity, again }) {
  const now = useNow(1_000)
  const at = failableAt(refund, events, identity)
  const rules = {
    isOpen: isOpen(refund),
    isOther: !isOwn(refund, identity),
    isLateEnough: now >= at,
  }
  const action = useResolving(refund.id, again)
  if (!rules.isOpen) return html`<${Outcome} action=${action} />`
  return html`<section class="resolve">
    <h2>${text('resolve')}</h2>
    <p>${text('resolveHelp')}</p>
    <${Rules} rules=${rules} refund=${refund} identity=${identity} at=${at} now=${now} />
    <${Outcome} action=${action} />
    ${rules.isOther && html`<${Finding} action=${action} mayFail=${rules.isLateEnough} of=${{ tid: refund.tid, amount: money(refund.amount) }} />`}
  </section>`
}

/** Of a refund that this key may not read: the gateway alone knows what holds. */
export function ResolveUnread({ id }) {
  const action = useResolving(id, () => {})
  return html`<section class="resolve">
    <h2>${text('resolve')} <span class="code">${id}</span></h2>
    <p>${text('resolveHelp')}</p>
    <${Notice}><p>${text('rulesUnread')}</p><//>
    <${Outcome} action=${action} />
    <${Finding} action=${action} mayFail of=${{ tid: id, amount: '' }} />
  </section>`
}

function useResolving(id, again) {
  return useAction(async (body) => {
    try {
      return await resolve(id, body)
    } finally {
      // Also where it did not go well: what has become of the refund is the answer to what to do now.
      again()
    }
  })
}

function Outcome({ action: { problem, result } }) {
  if (result !== null) {
    return html`<${Notice} kind="good"><p>${text('resolved', { status: word('status', result.status) })}</p><//>`
  }
  const { code, refund } = problem ?? {}
  if (code !== 'not_resolvable' || refund === undefined || isOpen(refund))
    return html`<${Problem} problem=${problem} />`
  const by = refund.resolution?.by ? text('byWhom', { by: refund.resolution.by }) : ''
  return html`<${Notice} kind="bad"><p>${text('resolvedByOther', { status: word('status', refund.status), by })}</p><//>`
}

function Rules({ rules, refund, identity, at, now }) {
  const when = rules.isLateEnough
    ? text('ruleFailedNow')
    : text('ruleFailedWait', { in: text('in', { age: duration(at - now) }) })
  const other = identity.is_open ? text('ruleOtherOpen') : text('ruleOther', { by: refund.requested_by })
  return html`<h3>${text('rules')}</h3><ul class="rules">
    <${Rule} isMet=${rules.isOpen}>${text('ruleOpen')}<//>
    <${Rule} isMet=${rules.isOther}>${other}<//>
    <${Rule} isMet=${rules.isLateEnough}>${text('ruleFailed', { time: koreanTime(at) })}: ${when}. ${!rules.isLateEnough && text('ruleFailedWhy')}<//>
  </ul>`
}

function Rule({ isMet, children }) {
  return html`<li class=${isMet ? 'met' : 'not-met'}>
    <span class="mark" aria-hidden="true">${isMet ? '✓' : '✗'}</span><span class="unseen">${text(isMet ? 'ruleMet' : 'ruleNotMet')}: </span>${children}
  </li>`
}

function Finding({ action, mayFail, of }) {
  const [outcome, setOutcome] = useState(null)
  const [note, setNote] = useState('')
  const [stated, setStated] = useState(NOTHING_STATED)
  const [isReviewing, setReviewing] = useState(false)
  const { isRunning, start } = action
  async function send() {
    const provider = Object.fromEntries(Object.entries(stated).filter(([, value]) => value.trim() !== ''))
    await start({ outcome, note, ...(Object.keys(provider).length > 0 && { provider }) })
    setReviewing(false)
  }
  const canReview = outcome !== null && note.trim() !== '' && (outcome === 'succeeded' || mayFail)
  return html`<${Form} onSubmit=${() => canReview && setReviewing(true)}>
    <fieldset class="choices">
      <legend>${text('outcome')}</legend>
      <${Radio} value="succeeded" outcome=${outcome} onInput=${setOutcome}>${text('outcomeSucceeded')}<//>
      <${Radio} value="failed" outcome=${outcome} onInput=${setOutcome} isDisabled=${!mayFail}>${text('outcomeFailed')}<//>
    </fieldset>
    <${LongField} label=${text('note')} help=${text('noteHelp')} value=${note} onInput=${setNote} maxlength="500" />
    <details>
      <summary>${text('consoleShows')} (${text('optional')})</summary>
      <div class="fields">${STATED.map(
        (
          member,
        ) => html`<${Field} isOptional key=${member} label=${text(`member_${member}`)} value=${stated[member]} maxlength="500"
          onInput=${(value) => setStated((before) => ({ ...before, [member]: value }))} />`,
      )}</div>
    </details>
    <div class="buttons"><button class="primary" disabled=${!canReview || isRunning}>${text('review')}</button></div>
    ${
      isReviewing &&
      html`<${Confirm} title=${text('confirmTitle')} go=${text('confirmGo')} isRunning=${isRunning} onConfirm=${send} onClose=${() => setReviewing(false)}>
      <p>${text(outcome === 'succeeded' ? 'confirmSucceeded' : 'confirmFailed', of)}</p>
      <p class="note">${note}</p>
    <//>`
    }
  <//>`
}

function Radio({ value, outcome, onInput, isDisabled = false, children }) {
  const id = useId()
  return html`<div><input type="radio" id=${id} name="outcome" value=${value} checked=${outcome === value} disabled=${isDisabled}
    onChange=${() => onInput(value)} /> <label for=${id}>${children}</label></div>`
}
