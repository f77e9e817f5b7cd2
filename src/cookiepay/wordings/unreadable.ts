/**
 * Ways in which a message arrives as something other than the words that the PG said. Such a message may say
 * anything: that the PG did not answer, or that the cancel was made.
 */
const SIGNS: readonly Readonly<{ sign: RegExp; what: string }>[] = [
  { sign: /\ufffd/, what: 'bytes that were no UTF-8' },
  { sign: /(?![\t\n\r])[\p{Cc}\p{Co}\p{Cn}\p{Cs}]/u, what: 'control characters' },
  // EUC-KR or UTF-8 that was read as Latin-1, as a code page of DOS, or as another one of East Asia.
  {
    sign: /(?![\p{Script=Hangul}a-z])\p{L}|[\u2500-\u259f]/iu,
    what: 'letters of another encoding',
  },
  // An encoding that lacks a letter writes a question mark; no PG answers a cancel with a question.
  { sign: /\?/, what: 'question marks for letters' },
  { sign: /&(?:#|\w{2,31};)/, what: 'HTML entities' },
  { sign: /<[a-z/!]/i, what: 'HTML' },
  { sign: /%[0-9a-f]{2}|%u[0-9a-f]{4}/i, what: 'URL escapes' },
  { sign: /\\|u\+?[0-9a-f]{4}u\+?[0-9a-f]{4}/i, what: 'escapes' },
  { sign: /=[0-9a-f]{2}=[0-9a-f]{2}/i, what: 'quoted-printable text' },
]

/** Runs of letters and digits that may be base64, in either alphabet, or hexadecimal digits. */
const ENCODED_RUN = /[A-Za-z0-9+/_-]{12,}={0,2}/g
const HEXADECIMAL = /^(?:[0-9a-f]{2})+$/i

/** What keeps a message from being read, or null where it can be. */
export function unreadableBy(message: string): string | null {
  // Full-width forms and the like are letters of their own before that.
  const text = message.normalize('NFKC')
  const found = SIGNS.find(({ sign }) => sign.test(text))
  if (found !== undefined) return found.what
  for (const [run] of text.matchAll(ENCODED_RUN)) {
    if (hidesWords(Buffer.from(run, 'base64'))) return 'base64'
    if (HEXADECIMAL.test(run) && hidesWords(Buffer.from(run, 'hex'))) return 'hexadecimal digits'
  }
  return null
}

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true })

function hidesWords(bytes: Buffer): boolean {
  try {
    return /\p{Script=Hangul}/u.test(STRICT_UTF8.decode(bytes))
  } catch {
    return false
  }
}
