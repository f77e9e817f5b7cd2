// The page: who is signed in, which screen is shown, and in which language.
import { addressTo, Link, Loading, Notice } from './parts.js'
import { DeskScreen } from './screens/desk.js'
import { FindScreen } from './screens/find.js'
import { PaymentScreen } from './screens/payment.js'
import { RefundScreen } from './screens/refund.js'
import { SignIn } from './screens/sign-in.js'
import { StateScreen } from './screens/state.js'
import { TodayScreen } from './screens/today.js'
import { UnknownScreen } from './screens/unknown.js'
import { current, may, onChange, signIn, signOut } from './session.js'
import { language, switchLanguage, text } from './texts.js'
import { html, render, useEffect, useRef, useState } from './ui.js'

const READERS = ['read', 'read_all']

/** Every screen: what it is called in the list of screens (absent: it is not listed), and who may see it. */
const SCREENS = {
  today: { screen: TodayScreen, name: 'navToday', scopes: ['read_all'] },
  unknown: { screen: UnknownScreen, name: 'navUnknown', scopes: READERS },
  find: { screen: FindScreen, name: 'navFind', scopes: READERS },
  payment: { screen: PaymentScreen, title: 'payment', scopes: READERS },
  refund: { screen: RefundScreen, title: 'refund', scopes: [...READERS, 'resolve'] },
  desk: { screen: DeskScreen, name: 'navDesk', scopes: ['resolve', 'read_all'] },
  state: { screen: StateScreen, name: 'navState', scopes: [] },
}

const maySee = ({ scopes }) => scopes.length === 0 || may(...scopes)

/** What the address asks for: `#/payment/order1-10000?account=default`. */
function routeOf(hash) {
  const [path, search = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  const [name, ...params] = path.split('/')
  return {
    name: name || firstScreen(),
    params: params.map(decoded),
    query: Object.fromEntries(new URLSearchParams(search)),
  }
}

function decoded(part) {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** What is waiting, which nobody has to wait for: a report of a day takes as long as the day was full. */
const FIRST_SCREENS = ['unknown', 'desk', 'state']

function firstScreen() {
  return FIRST_SCREENS.find((name) => maySee(SCREENS[name]))
}

function App() {
  const [, setLanguage] = useState(language)
  const [hash, setHash] = useState(location.hash)
  const [session, setSession] = useState({ identity: null, isLooking: true, reason: null })

  useEffect(() => {
    onChange(({ reason }) => setSession({ identity: current(), isLooking: false, reason }))
    const follow = () => setHash(location.hash)
    addEventListener('hashchange', follow)
    // With a client certificate, or at an open gateway, no key is asked for.
    signIn(null).catch(() => setSession({ identity: null, isLooking: false, reason: null }))
    return () => removeEventListener('hashchange', follow)
  }, [])

  function changeLanguage() {
    switchLanguage()
    setLanguage(language())
  }

  const { identity, isLooking, reason } = session
  const route = routeOf(hash)
  return html`
    <a class="skip" href="#main" onClick=${skipToContent}>${text('skip')}</a>
    <${Header} identity=${identity} route=${route} onLanguage=${changeLanguage} />
    <main id="main" tabindex="-1">
      ${isLooking && html`<${Loading} label=${text('looking')} />`}
      ${!isLooking && identity === null && html`<${SignIn} reason=${reason} />`}
      ${identity !== null && html`<${Screen} key=${`${route.name}/${route.params.join('/')}`} route=${route} identity=${identity} />`}
    </main>
  `
}

/** The address says which screen is shown, so the link may not change it. */
function skipToContent(event) {
  event.preventDefault()
  document.getElementById('main').focus()
}

function Header({ identity, route, onLanguage }) {
  return html`<header>
    <p class="brand">CookiePay <span>${text('title')}</span></p>
    ${
      identity !== null &&
      html`<nav aria-label=${text('navigation')}><ul>
      ${Object.entries(SCREENS)
        .filter(([, screen]) => screen.name !== undefined && maySee(screen))
        .map(
          ([name, screen]) =>
            html`<li><${Link} to=${name} aria-current=${route.name === name ? 'page' : undefined}>${text(screen.name)}<//></li>`,
        )}
    </ul></nav>`
    }
    <div class="who">
      ${
        identity !== null &&
        html`<span class="caller"><span class="unseen">${text('signedInAs')} </span>${identity.is_open ? text('openGateway') : identity.caller}</span>
        <button type="button" class="small" onClick=${() => signOut('byHand')}>${text('signOut')}</button>`
      }
      <button type="button" class="small" lang=${language() === 'ko' ? 'en' : 'ko'} onClick=${onLanguage}>${text('language')}</button>
    </div>
  </header>`
}

function Screen({ route, identity }) {
  const found = Object.hasOwn(SCREENS, route.name) ? SCREENS[route.name] : undefined
  const place = useRef(null)
  const name = found === undefined ? 'noSuchScreen' : (found.name ?? found.title)
  useEffect(() => {
    document.title = `${text(name)} · ${text('title')}`
  })
  // Whoever hears the page is told that it is another one; whoever came by the list of screens goes on from here.
  useEffect(() => place.current.querySelector('h1')?.focus(), [])
  return html`<div ref=${place} class="screen">${content()}</div>`

  function content() {
    if (found === undefined) return html`<h1 tabindex="-1">${text('noSuchScreen')}</h1>`
    if (!maySee(found)) {
      const scopes = found.scopes.join(', ')
      return html`<h1 tabindex="-1">${text(name)}</h1><${Notice} kind="bad"><p>${text('notAllowed', { scopes })}</p><//>`
    }
    return html`<${found.screen} route=${route} identity=${identity} />`
  }
}

/** Goes to a screen. */
addEventListener('console:go', ({ detail: { to, query } }) => {
  location.hash = addressTo(to, query).slice(1)
})

document.documentElement.lang = language()
document.title = text('title')
render(html`<${App} />`, document.getElementById('app'))
