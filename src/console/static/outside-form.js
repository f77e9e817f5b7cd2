// Booking what was refunded in CookiePay's console.
import { AccountChoice, Field, Form, LongField } from './fields.js'
import { money } from './format.js'
import { bookOutside } from './gateway.js'
import { Confirm, Notice, PaymentLink, Problem } from './parts.js'
import { useAction } from './reading.js'
import { current } from './session.js'
import { text } from './texts.js'
import { html, useRef, useState } from './ui.js'

const INTEGER = /^-?[0-9]{1,10}$/

/** Of this payment, or where `ledger` is absent of any. */
export function OutsideForm({ ledger, onDone = () => {} }) {
  const [tid, setTid] = useState(ledger?.tid ?? '')
  const [account, setAccount] = useState(ledger?.account ?? current()?.accounts[0]?.name ?? '')
  const [amount, setAmount] = useState('')
  const [taxFree, setTaxFree] = useState('')
  const [note, setNote] = useState('')
  const [isReviewing, setReviewing] = useState(false)
  const keyOf = useKeys()
  const action = useAction(async () => {
    const body = {
      account,
      amount: Number(amount),
      ...(taxFree !== '' && { tax_free_amount: Number(taxFree) }),
      note,
    }
    const booked = await bookOutside(tid, body, keyOf({ tid, ...body }))
    keyOf(null)
    setAmount('')
    setTaxFree('')
    setNote('')
    onDone()
    return booked
  })
  const { problem, result, isRunning, start } = action
  const canReview = INTEGER.test(amount) && Number(amount) !== 0 && note.trim() !== '' && tid !== ''
  async function book() {
    await start()
    setReviewing(false)
  }
  return html`<${Form} onSubmit=${() => canReview && setReviewing(true)}>
    <p>${text('outsideHelp')}</p>
    <p class="help">${
      ledger === undefined
        ? text('outsideRuleGeneral')
        : text('outsideRule', { remaining: money(ledger.remaining), outside: money(ledger.outside ?? 0) })
    }</p>
    <${Problem} problem=${problem} />
    ${result && html`<${Notice} kind="good"><p>${text('outsideDone', { remaining: money(result.remaining) })} <${PaymentLink} tid=${result.tid} account=${result.account} /></p><//>`}
    <div class="fields">
      ${ledger === undefined && html`<${Field} label=${text('member_tid')} value=${tid} onInput=${setTid} maxlength="50" />`}
      ${ledger === undefined && html`<${AccountChoice} identity=${current()} value=${account} onInput=${setAccount} />`}
      <${Field} label=${`${text('member_amount')} (${text('won')})`} value=${amount} onInput=${setAmount} inputmode="numeric" pattern="-?[0-9]{1,10}" />
      <${Field} isOptional label=${`${text('member_tax_free_amount')} (${text('won')})`} value=${taxFree} onInput=${setTaxFree} inputmode="numeric" pattern="-?[0-9]{1,10}" />
    </div>
    <${LongField} label=${text('note')} help=${text('noteHelp')} value=${note} onInput=${setNote} maxlength="500" />
    <div class="buttons"><button class="primary" disabled=${!canReview || isRunning}>${text('review')}</button></div>
    ${
      isReviewing &&
      html`<${Confirm} title=${text('outsideTitle')} go=${text('outsideGo')} isRunning=${isRunning} onConfirm=${book} onClose=${() => setReviewing(false)}>
      <p>${text('outsideConfirm', { amount: money(Number(amount)), tid })}</p><p class="note">${note}</p>
    <//>`
    }
  <//>`
}

/** A key for each booking: the same one while the same is sent again, also after an answer that was lost. */
function useKeys() {
  const known = useRef({ booking: null, key: null })
  return (booking) => {
    const text = JSON.stringify(booking)
    if (known.current.booking !== text) known.current = { booking: text, key: newKey() }
    return known.current.key
  }
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
