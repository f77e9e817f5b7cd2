// Who is signed in. The key is held here alone, in the memory of this tab: it is written nowhere and ends with the tab.

/** How long nobody may touch the page before its key is dropped. */
const IDLE_MS = 15 * 60_000

/** Where `/console` is, whatever path a proxy puts before it. */
const BASE = new URL('../', import.meta.url)

const SIGNS_OF_LIFE = ['pointerdown', 'keydown', 'wheel', 'touchstart']

let key = null
let identity = null
let ending = new AbortController()
let touchedAt = 0
let clockOffsetMs = 0
let listener = () => {}

/** Is told of each change of {@link current}. */
export function onChange(listen) {
  listener = listen
}

/** Who is signed in (`GET /callers/me`), or null. */
export function current() {
  return identity
}

export function may(...scopes) {
  return scopes.some((scope) => identity?.scopes.includes(scope))
}

/** The gateway's time, about: a browser's clock may be wrong by hours. */
export function gatewayNow() {
  return Date.now() + clockOffsetMs
}

/** The whole address of a path of the interface. */
export function addressOf(path) {
  return new URL(path.replace(/^\//, ''), BASE).href
}

/** Signs in; null: by the client certificate, or at an open gateway. Throws what the gateway answers. */
export async function signIn(newKey) {
  const found = await fetchFrom('/callers/me', {}, newKey)
  identity = await found.json()
  key = newKey
  touchedAt = Date.now()
  listener({ reason: null })
  return identity
}

/** Drops the key, and ends what is under way with it. */
export function signOut(reason) {
  if (identity === null) return
  key = null
  identity = null
  ending.abort()
  ending = new AbortController()
  listener({ reason })
}

/** The answer to a request of whoever is signed in. Throws a Problem. */
export async function send(path, options = {}) {
  const signal =
    options.signal === undefined ? ending.signal : AbortSignal.any([options.signal, ending.signal])
  try {
    return await fetchFrom(path, { ...options, signal }, key)
  } catch (error) {
    if (error.code === 'unauthenticated') signOut('refused')
    throw error
  }
}

async function fetchFrom(path, { method = 'GET', headers = {}, body, signal }, withKey) {
  let response
  try {
    response = await fetch(addressOf(path), {
      method,
      // The browser's certificate goes along; nothing is kept.
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      headers: {
        ...(withKey !== null && { Authorization: `Bearer ${withKey}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    })
  } catch (error) {
    if (error.name === 'AbortError') throw error
    throw problem({ code: 'unreachable', retry: 'same_key', status: 0 })
  }
  learnTime(response)
  if (!response.ok) throw await problemOf(response)
  return response
}

async function problemOf(response) {
  const retryAfter = Number(response.headers.get('Retry-After')) || null
  const body = await response.json().catch(() => null)
  const { status } = response
  if (typeof body?.code === 'string') return problem({ ...body, retryAfter })
  return problem({ code: 'unreadable', retry: 'same_key', status, retryAfter, body })
}

/** What a screen shows where something did not go well: the members of a problem (RFC 9457), and `retryAfter` seconds. */
function problem(members) {
  return Object.assign(new Error(members.code), members)
}

function learnTime({ headers }) {
  const at = Date.parse(headers.get('Date') ?? '')
  if (!Number.isNaN(at)) clockOffsetMs = at - Date.now()
}

for (const sign of SIGNS_OF_LIFE) {
  addEventListener(
    sign,
    () => {
      // A machine that slept runs its timers late: who comes back too late is signed out, not welcomed.
      if (!endWhereIdle()) touchedAt = Date.now()
    },
    { capture: true, passive: true },
  )
}
setInterval(endWhereIdle, 5_000)
document.addEventListener('visibilitychange', endWhereIdle)
// A page that is left is kept by some browsers, with its memory.
addEventListener('pagehide', () => signOut('left'))

function endWhereIdle() {
  if (identity === null || Date.now() - touchedAt < IDLE_MS) return false
  signOut('idle')
  return true
}
