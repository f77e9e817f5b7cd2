import iconv from 'iconv-lite'

/** All but printable ASCII without `[`, `]`, `^` and `|`, and Hangul: nearly every reason is of nothing else. */
const UNUSUAL = /[^ -Z\\_-{}~가-힣]/gu

/** What Kiwoompay reads as a command, or refuses (docs/provider.md, Cancel call). */
const COMMAND = /[\^|[\]\p{Cc}]/u

/** Stands where nothing is left. */
const NO_REASON = '환불'

/**
 * The reason as it may reach a PG, each character that may not as a space, so it is never longer than what
 * was given. Full-width forms such as `［` stay: CP949 writes them as two bytes, and no command is known that
 * begins with these.
 */
export function sendableReason(reason: string): string {
  const sendable = reason.replace(UNUSUAL, spaceOrItself)
  return sendable.trim() === '' ? NO_REASON : sendable
}

function spaceOrItself(character: string): string {
  return COMMAND.test(character) || !isInCp949(character) ? ' ' : character
}

/** Whether the line to a PG, which may be EUC-KR, can hold it (docs/provider.md, Cancel call). */
function isInCp949(character: string): boolean {
  return iconv.decode(iconv.encode(character, 'cp949'), 'cp949') === character
}
