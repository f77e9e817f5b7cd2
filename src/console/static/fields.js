// Fields of forms, each with its label.
import { text } from './texts.js'
import { html, useId } from './ui.js'

export function Field({ label, help, value, onInput, type = 'text', isOptional, ...rest }) {
  const id = useId()
  const helpId = `${id}-help`
  return html`<div class="field">
    <label for=${id}>${label}${isOptional && html` <span class="quiet">(${text('optional')})</span>`}</label>
    <input id=${id} type=${type} value=${value} required=${!isOptional} autocomplete="off" spellcheck=${false}
      aria-describedby=${help ? helpId : undefined} onInput=${({ target }) => onInput(target.value)} ...${rest} />
    ${help && html`<p class="help" id=${helpId}>${help}</p>`}
  </div>`
}

export function LongField({ label, help, value, onInput, ...rest }) {
  const id = useId()
  const helpId = `${id}-help`
  return html`<div class="field wide">
    <label for=${id}>${label}</label>
    <textarea id=${id} rows="3" value=${value} required aria-describedby=${helpId}
      onInput=${({ target }) => onInput(target.value)} ...${rest}></textarea>
    <p class="help" id=${helpId}>${help}</p>
  </div>`
}

/** `options`: pairs of a value and what it is called. */
export function Choice({ label, value, onInput, options }) {
  const id = useId()
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <select id=${id} onChange=${({ target }) => onInput(target.value)}>
      ${options.map(([option, name]) => html`<option value=${option} selected=${option === value}>${name}</option>`)}
    </select>
  </div>`
}

/** A choice of the configured accounts; nothing where there is only one. */
export function AccountChoice({ identity, value, onInput, mayBeAny }) {
  if (identity.accounts.length < 2) return null
  const names = identity.accounts.map(({ name }) => [name, name])
  return html`<${Choice} label=${text('member_account')} value=${value} onInput=${onInput}
    options=${mayBeAny ? [['', text('all')], ...names] : names} />`
}

/** A form that sends nothing by itself. */
export function Form({ onSubmit, children, ...rest }) {
  function submit(event) {
    event.preventDefault()
    onSubmit()
  }
  return html`<form onSubmit=${submit} ...${rest}>${children}</form>`
}
