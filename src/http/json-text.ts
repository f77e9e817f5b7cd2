/** What is wrong with a JSON text that `JSON.parse` takes; `pointer` is a JSON pointer as a fragment (RFC 6901, 6). */
export type JsonFault = Readonly<{ pointer: string; kind: 'member_twice' | 'number_rounded' }>

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** A pointer that goes deeper than any valid body is cut: it points at what holds the fault. */
const DEEPEST_POINTER = 20

/** A set finds a name sooner than a list does from this many on. */
const MANY_NAMES = 12

/** An object or a list that is being read. */
type Level = {
  /** The object's names so far, the last one being read; null: this is a list. */
  readonly names: string[] | null
  /** The names as a set, once there are many. */
  seen: Set<string> | null
  /** How many values of the list came before. */
  index: number
}

/**
 * What `JSON.parse` passes over in a text that it takes; null: nothing. One fault is a member that an object names
 * twice: parsers take the first or the last (RFC 8259, 4). The other is a number that only rounding makes an integer.
 */
export function findJsonFault(text: string): JsonFault | null {
  const levels: Level[] = []
  let level: Level | undefined
  let isName = false
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === QUOTE) {
      const end = endOfString(text, at)
      if (isName && level !== undefined) {
        if (!addName(level, readName(text, at, end)))
          return { pointer: pointerTo(levels), kind: 'member_twice' }
        isName = false
      }
      at = end
    } else if (char === OPEN_OBJECT || char === OPEN_LIST) {
      isName = char === OPEN_OBJECT
      level = { names: isName ? [] : null, seen: null, index: 0 }
      levels.push(level)
    } else if (char === CLOSE_OBJECT || char === CLOSE_LIST) {
      levels.pop()
      level = levels[levels.length - 1]
      isName = false
    } else if (char === COMMA && level !== undefined) {
      isName = level.names !== null
      level.index += 1
    } else if (char === MINUS || (char >= ZERO && char <= NINE)) {
      const end = endOfNumber(text, at)
      if (end - at > 1 && isRounded(text.slice(at, end))) {
        return { pointer: pointerTo(levels), kind: 'number_rounded' }
      }
      at = end - 1
    }
  }
  return null
}

/** Where the string that begins here ends: at a quote with an even number of backslashes before it. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  for (;;) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1
    if (backslashes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
}

/** A name may be spelled with escapes, and is the same name. */
function readName(text: string, start: number, end: number): string {
  const name = text.slice(start + 1, end)
  return name.includes('\\') ? (JSON.parse(`"${name}"`) as string) : name
}

/** Whether this object did not have the name yet. */
function addName(level: Level, name: string): boolean {
  const names = level.names as string[]
  const isKnown = level.seen === null ? names.includes(name) : level.seen.has(name)
  names.push(name)
  if (level.seen !== null) level.seen.add(name)
  else if (names.length === MANY_NAMES) level.seen = new Set(names)
  return !isKnown
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1
  while (end < text.length && isOfNumber(text.charCodeAt(end))) end += 1
  return end
}

/** Digits, and `. + - e E`. */
function isOfNumber(char: number): boolean {
  return (
    (char >= ZERO && char <= NINE) ||
    char === 0x2e ||
    char === 0x2b ||
    char === MINUS ||
    (char | 0x20) === 0x65
  )
}

/** Whether the number is not an integer as it is written, and yet is read as one: 2999.9999999999999999 as 3000. */
function isRounded(number: string): boolean {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(number) ?? []
  if (fraction === '' && exponent === '0') return false
  if (!Number.isInteger(Number(number))) return false
  const digits = whole + fraction
  let end = digits.length
  // Not a regular expression, which would take the square of their number.
  while (end > 0 && digits.charCodeAt(end - 1) === ZERO) end -= 1
  return end > 0 && Number(exponent) + whole.length - end < 0
}

/** To what is being read: the last name or index of each level. */
function pointerTo(levels: readonly Level[]): string {
  const steps = levels
    .slice(0, DEEPEST_POINTER)
    .map(({ names, index }) => `/${names === null ? index : escapePointer(names.at(-1) ?? '')}`)
  return `#${steps.join('')}`
}

/** RFC 6901, section 3. Cut, since the name of a member may be as long as the body. */
export function escapePointer(member: string): string {
  return member.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')
}
