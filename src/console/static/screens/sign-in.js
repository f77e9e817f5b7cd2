// Who is it? The key goes from the field into the session and nowhere else.
import { Field, Form } from '../fields.js'
import { Notice, Problem } from '../parts.js'
import { useAction } from '../reading.js'
import { signIn } from '../session.js'
import { text } from '../texts.js'
import { html, useEffect, useState } from '../ui.js'

const REASONS = { idle: 'endedIdle', refused: 'endedRefused', byHand: 'endedByHand', left: 'endedLeft' }

export function SignIn({ reason }) {
  const [key, setKey] = useState('')
  const { isRunning, problem, start } = useAction(async (given) => {
    setKey('')
    await signIn(given)
  })
  useEffect(() => {
    document.title = `${text('signIn')} · ${text('title')}`
  })
  return html`<section class="sign-in">
    <h1>${text('signIn')}</h1>
    ${reason !== null && html`<${Notice}><p>${text(REASONS[reason])}</p><//>`}
    <${Problem} problem=${problem} />
    <${Form} onSubmit=${() => start(key)}>
      <${Field} label=${text('key')} help=${text('keyHelp')} type="password" value=${key} onInput=${setKey}
        pattern="[!-~]+" maxlength="500" />
      <div class="buttons"><button class="primary" disabled=${isRunning}>${isRunning ? text('signingIn') : text('signIn')}</button></div>
    <//>
    <p class="apart"><button type="button" disabled=${isRunning} onClick=${() => start(null)}>${text('withoutKey')}</button></p>
    <p class="help">${text('withoutKeyHelp')}</p>
  </section>`
}
