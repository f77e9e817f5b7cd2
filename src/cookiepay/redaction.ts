import type { ProviderAnswer, RefundAccount } from '../refunds/refund.ts'

const HIDDEN = '[hidden]'

/** Korean names may be this short; of anything shorter too much of an ordinary message would match. */
const SHORTEST_HIDDEN = 2

/** Shorter ones of ASCII alone occur within other words and numbers: they are hidden where they stand alone. */
const SHORTEST_HIDDEN_ANYWHERE = 6

/** What stands between the characters of a number or a name that is written in groups. */
const SEPARATORS = '(?:[^\\p{L}\\p{N}]|%20|&nbsp;){0,3}'

/** What a call carried that is nobody's to read. */
export type Sent = Readonly<{
  /** Tokens and keys. */
  credentials: readonly string[]
  refundAccount: RefundAccount | undefined
}>

/** An outcome of any call, as far as it repeats what a provider said. */
type Said = Readonly<{ outcome: string; detail?: string; provider?: ProviderAnswer | null }>

/**
 * The outcome of a call without what the call itself carried. The provider's words are stored, logged and answered as
 * received, and a provider may repeat in any of them what it was sent. Credentials are hidden as they were sent or in a
 * URL; account number and holder also where they are grouped, full-width or escaped.
 */
export function hideEchoes<Outcome extends Said>(outcome: Outcome, sent: Sent): Outcome {
  const { provider, detail } = outcome
  const texts = provider == null ? [detail] : [detail, ...Object.values(provider)]
  const said = texts.join('\n')
  const echoes = echoesIn(said, sent)
  if (echoes.length === 0) return outcome

  const hide = (text: string) => echoes.reduce<string>((shown, echo) => shown.replaceAll(echo, HIDDEN), text)
  const hideIn = (answer: ProviderAnswer) =>
    Object.fromEntries(
      Object.entries(answer).map(([member, text]) => [member, text === null ? null : hide(text)]),
    )
  return {
    ...outcome,
    ...(detail !== undefined && { detail: hide(detail) }),
    ...(provider != null && { provider: hideIn(provider) }),
  }
}

/** What is repeated in a text. Nearly always that is nothing, and then this is cheap. */
function echoesIn(said: string, { credentials, refundAccount }: Sent): (string | RegExp)[] {
  const asSent = credentials.filter((credential) => said.includes(credential))
  // Only what is escaped can be there in another form.
  const patterns = /[%&\\]/.test(said) ? credentials.map((credential) => patternOf([...credential], '')) : []
  if (refundAccount !== undefined) {
    patterns.push(groupedPattern(refundAccount.account_no), groupedPattern(refundAccount.account_name))
  }
  return [...asSent, ...patterns.filter((pattern) => said.search(pattern) >= 0)]
}

/** Letters and digits in this order, whatever is written between them. */
function groupedPattern(text: string): RegExp {
  const characters = [...text.normalize('NFKC')].filter((character) => /[\p{L}\p{N}]/u.test(character))
  const pattern = patternOf(characters, SEPARATORS)
  if (characters.length >= SHORTEST_HIDDEN_ANYWHERE) return pattern
  const bare = characters.join('')
  if (/^[0-9]*$/.test(bare)) return new RegExp(`(?<![0-9])${pattern.source}(?![0-9])`, 'giu')
  if (/^[a-z0-9]*$/i.test(bare)) return new RegExp(`(?<![a-z])${pattern.source}(?![a-z])`, 'giu')
  return pattern
}

function patternOf(characters: readonly string[], separators: string): RegExp {
  if (characters.length < SHORTEST_HIDDEN) return NOTHING
  return new RegExp(characters.map(formsOf).join(separators), 'giu')
}

/** Matches no text. */
const NOTHING = /(?!)/g

/** One character, as it is, full-width, decomposed, or escaped as in a URL, in JSON or in HTML. */
function formsOf(character: string): string {
  const code = character.codePointAt(0) as number
  const hex = code.toString(16)
  const isAscii = code > 0x20 && code < 0x7f
  const inUrl = isAscii ? `%${hex}` : encodeURIComponent(character)
  const inJson = [...Array(character.length).keys()]
    .map((unit) => `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`)
    .join('')
  const forms = [character, character.normalize('NFD'), inUrl, inJson, `&#${code};`, `&#x${hex};`]
  if (isAscii) forms.push(String.fromCodePoint(code + FULL_WIDTH), `\\${character}`)
  return `(?:${forms.map(escaped).join('|')})`
}

/** From a character of ASCII to its full-width form (Unicode, "Halfwidth and Fullwidth Forms"). */
const FULL_WIDTH = 0xfee0

/** As a pattern that matches just that. */
function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
