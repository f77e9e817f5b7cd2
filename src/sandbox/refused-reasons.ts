import iconv from 'iconv-lite'

/**
 * Why a PG would refuse a `reason`, or take it for a command; null where it is one. Kiwoompay reads `^` and a prefix in
 * brackets as commands and refuses `|`, and the line to it is EUC-KR. The sandbox knows no PGs, and is strict for all.
 */
export function mistakeInReason(reason: string): string | null {
  if (/[\^|\p{Cc}]/u.test(reason) || /^\s*\[[^\]]*\]/.test(reason)) {
    return '취소사유에 사용할 수 없는 문자가 있습니다: reason'
  }
  const isHeld = iconv.decode(iconv.encode(reason, 'cp949'), 'cp949') === reason
  return isHeld ? null : '취소사유를 EUC-KR로 변환할 수 없습니다: reason'
}
