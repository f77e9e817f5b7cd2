import type { ProviderAnswer } from '../refunds/refund.ts'
import type { RefundAccount } from '../refunds/refund-account.ts'

const HIDDEN = '[hidden]'

/** Korean names may be this short; of anything shorter too much of an ordinary message would match. */
const SHORTEST_HIDDEN = 2

/** Shorter ones of ASCII alone occur within other words and numbers: they are hidden where they stand alone. */
const SHORTEST_HIDDEN_ANYWHERE = 6

/** What a call carried that is nobody's to read. */
export type Sent = Readonly<{
  /** Tokens and keys. */
  credentials: readonly string[]
  refundAccount: RefundAccount | undefined
}>

/** An outcome of any call, as far as it repeats what a provider said. */
type Said = Readonly<{ outcome: string; detail?: string; provider?: ProviderAnswer | null }>

/**
 * The outcome of a call without what the call itself carried. The provider's words are stored, logged and
 * answered as received, and a provider may repeat in any of them what it was sent: a token, a key, an account
 * number, its holder. All are found by their letters and digits, however these are grouped, widened or
 * escaped.
 */
export function hideEchoes<Outcome extends Said>(outcome: Outcome, sent: Sent): Outcome {
  const { provider, detail } = outcome
  const said = [detail, ...(provider == null ? [] : Object.values(provider))].join('\n')
  const { credentials, refundAccount } = sent
  const mayRepeat = mayRepeatOne(credentials, said)
  if (refundAccount === undefined && !mayRepeat) return outcome

  const secrets = refundAccount ? [refundAccount.account_no, refundAccount.account_name] : []
  const needles = needlesOf([...(mayRepeat ? credentials : []), ...secrets])
  const hide = (text: string) => hideNeedles(text, needles)
  if (hide(said) === said) return outcome
  const hideMember = ([member, text]: [string, string | null]) => [member, text === null ? null : hide(text)]
  return {
    ...outcome,
    ...(detail !== undefined && { detail: hide(detail) }),
    ...(provider != null && { provider: Object.fromEntries(Object.entries(provider).map(hideMember)) }),
  }
}

/** A text of the provider's, whole, without the credentials that its call carried. */
export function hideIn(text: string, credentials: readonly string[]): string {
  return mayRepeatOne(credentials, text) ? hideNeedles(text, needlesOf(credentials)) : text
}

/** Of credentials nothing but what is escaped can be there in another form. Nearly always there is nothing. */
function mayRepeatOne(credentials: readonly string[], said: string): boolean {
  return credentials.some((credential) => said.includes(credential)) || /[%&\\]/.test(said)
}

function needlesOf(secrets: readonly string[]): string[] {
  return secrets.map((secret) => unfold(secret).letters).filter(isHidden)
}

/** Whether it is long enough to mean anything, in syllables. */
function isHidden(needle: string): boolean {
  return needle.normalize('NFC').length >= SHORTEST_HIDDEN
}

/** The letters and digits of a text in their simplest form, and where each of them stands in it. */
type Unfolded = Readonly<{ letters: string; from: readonly number[]; to: readonly number[] }>

/** One character, or what stands for some in a URL, in JSON or in HTML. */
const WRITTEN = /(?:%[0-9a-f]{2})+|\\u[0-9a-f]{4}|&#x?[0-9a-f]{1,7};|&nbsp;|./gisu

function unfold(text: string): Unfolded {
  let letters = ''
  const from: number[] = []
  const to: number[] = []
  for (const { 0: written, index } of text.matchAll(WRITTEN)) {
    // Hangul becomes jamo, which may be how it was written.
    const simple = unescaped(written)
      .normalize('NFKD')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]/gu, '')
    letters += simple
    for (let unit = 0; unit < simple.length; unit += 1) {
      from.push(index)
      to.push(index + written.length)
    }
  }
  return { letters, from, to }
}

function unescaped(written: string): string {
  if (written.length < 3) return written
  try {
    if (written.startsWith('%')) return decodeURIComponent(written)
    if (written.startsWith('\\')) return String.fromCharCode(Number.parseInt(written.slice(2), 16))
    const [, radix, code = ''] = /^&#(x?)(.*);$/i.exec(written) ?? []
    return code === '' ? ' ' : String.fromCodePoint(Number.parseInt(code, radix ? 16 : 10))
  } catch {
    // It is not of UTF-8, or no character.
    return written
  }
}

function hideNeedles(text: string, needles: readonly string[]): string {
  const { letters, from, to } = unfold(text)
  const found = needles.flatMap((needle) =>
    placesOf(needle, letters)
      .map((at) => ({ start: from[at] as number, end: to[at + needle.length - 1] as number }))
      .filter(({ start, end }) => standsAlone(needle, text.slice(0, start), text.slice(end))),
  )
  let shown = ''
  let done = 0
  for (const { start, end } of found.sort((one, other) => one.start - other.start)) {
    if (start >= done) shown += text.slice(done, start) + HIDDEN
    done = Math.max(done, end)
  }
  return shown + text.slice(done)
}

function placesOf(needle: string, letters: string): number[] {
  const places: number[] = []
  for (let at = letters.indexOf(needle); at >= 0; at = letters.indexOf(needle, at + 1)) {
    // A consonant that ends the last syllable makes it another one.
    if (!/^[\u11a8-\u11ff]/.test(letters.slice(at + needle.length))) places.push(at)
  }
  return places
}

/**
 * Whether it is no part of a longer number or word; a long one, or one of Hangul, is taken for itself
 * anywhere.
 */
function standsAlone(needle: string, before: string, after: string): boolean {
  if (needle.length >= SHORTEST_HIDDEN_ANYWHERE || !/^[0-9a-z]*$/.test(needle)) return true
  const kind = /[a-z]/.test(needle) ? '[a-z]' : '[0-9]'
  return !new RegExp(`${kind}$`, 'i').test(before) && !new RegExp(`^${kind}`, 'i').test(after)
}
