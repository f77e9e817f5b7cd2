/**
 * How the tables of wordings are written. A row `says` a pattern over the text that `comparable` makes of a message:
 * - words with a space between them may be tied by Korean particles, or by nothing
 * - `a|b` is one word or the other, and `[a|b]` may be missing; else a word is a regular expression
 * - `~` is up to twelve characters that do not negate, `*` up to twelve of any kind
 * - `{cancel}` is any noun for a cancel, `{already}` any adverb for one that was made before
 *
 * Its `example` is a message that this row, and no earlier one, decides.
 */
export type Phrase = Readonly<{ says: string; example: string; pattern: RegExp }>

const MACROS: Readonly<Record<string, string>> = {
  '{cancel}': '취소|환불|환급',
  '{refund}': 'cancel(?:led|ed|lable|able|lation|ation|ling|ing)?|refund(?:s|ed|able|ing)?|void(?:ed|able)?',
  // 기 also ends many a noun: 대기, 정기, 만기, 단말기.
  '{already}': '이미|벌써|(?<![대자연초전분정장단만유후일시주동상매여거임보조반말하되월])기',
}

/** Particles and endings that tie two words together: "취소 기간", "취소의 기간", "취소할 수 있는 기간이". */
const TIES =
  '(?:에서|에게|으로|하는|되는|하신|하려는|하고자하는|할수있는|이|가|은|는|을|를|의|에|도|만|와|과|로|한|할|될|인){0,2}'

const ANY_GAP = '.{0,12}?'

/** What would turn a statement round, or make a condition of it. */
const GAP =
  '(?:(?!않|아니|아닌|아닙|아님|없|(?<!잘)못|성공|(?:하|되|이|으|라)면|지만|으나|는데|라고|다고|not|\\u0000).){0,12}?'

/** The phrases of a table that is written as `says: example`. */
export function phrases(table: Readonly<Record<string, string>>): readonly Phrase[] {
  return Object.entries(table).map(([says, example]) => ({ says, example, pattern: compile(says) }))
}

function compile(says: string): RegExp {
  const written = Object.entries(MACROS).reduce((text, [name, words]) => text.replaceAll(name, words), says)
  const source = written.split(' ').map(compileWord).join(TIES)
  const tied = [GAP, ANY_GAP].reduce((text, gap) => text.replaceAll(TIES + gap + TIES, gap), source)
  return new RegExp(tied, 'gu')
}

function compileWord(word: string): string {
  if (word === '~') return GAP
  if (word === '*') return ANY_GAP
  return /^\[.*\]$/.test(word) ? `(?:${word.slice(1, -1)})?` : `(?:${word})`
}

/** All but letters and digits, and the letters that fill a place without being seen. */
const INSIGNIFICANT = /[^\p{L}\p{N}]|\u115f|\u1160|\u119e/gu

/**
 * A message as the tables compare it: one form of each letter (NFKC), lower case, and no spacing, hyphens, middle
 * dots, brackets and characters without width.
 */
export function comparable(message: string): string {
  return message.normalize('NFKC').toLowerCase().replace(INSIGNIFICANT, '')
}

/** The first row of a table that a text says. */
export function firstSaid(table: readonly Phrase[], text: string): Phrase | undefined {
  return table.find(({ pattern }) => text.search(pattern) !== -1)
}

/** Stands where a phrase was taken out, so that what stood apart does not come together. */
const GONE = '\u0000'

/** A text without every phrase of a table. */
export function without(table: readonly Phrase[], text: string): string {
  return table.reduce((rest, { pattern }) => rest.replace(pattern, GONE), text)
}
