import { phrases } from './phrase.ts'

/** What an `RTN_CD` that rejects a token is about, by its message. */
export const CREDENTIALS = phrases({
  '토큰|token|jwt': '토큰이 만료되었습니다',
  '(?:연동|인증|api|apl|비밀|시크릿|보안)키|키값|apikey|pay2_?key|secretkey|(?<![a-z])key(?![a-z]*in)':
    '연동키 불일치',
  '(?:연동|상점|가맹점|판매자|api|pay2)?아이디|(?:api|pay2|merchant|client|user)id|(?<![a-z])id(?![a-z])|idkey|keyid':
    '아이디가 올바르지 않습니다',
  '(?<!본인|카드|휴대폰|비|sms|간편)인증 (?!결제|거래|번호|수단|방식)': '인증에 실패하였습니다',
  'authentica|unauthori[sz]ed|credential': 'Authentication failed',
})

/** What such a message says of it: a message that has one of each table is about the token. */
export const REJECTION = phrases({
  '만료|불일치|일치하지|유효하지|올바르지|잘못|틀|맞지|없|누락|미입력|실패|오류|에러|거부|거절|무효|필요|필수|미존재|확인요망|폐기|않':
    '토큰 만료',
  'expire|invalid|mismatch|notmatch|wrong|incorrect|missing|required|fail|error|denied|reject|unauthori[sz]ed|notvalid|notfound|illegal|revoked':
    'Invalid token',
})

/** Codes about id and key, whatever is said with them: `E003` is "ID & KEY 불일치" (docs/provider.md, Tokens). */
export const TOKEN_ERROR_CODES: readonly string[] = ['E003']

/**
 * What such a message says that was done, or failed, beside or after the cancel: it is not about the token
 * alone.
 */
export const BESIDES = phrases({
  '처리|진행|반영|접수|승인|이체|입금|지급|송금|요청 완료|되었|됐|됨|하였|했|성공':
    '정상 처리되었으나 토큰이 만료되었습니다',
  '정상(?!적인|적이|이아)|성공|완료': '토큰 오류(정상)',
  '^ok|ok$|success(?!or)|approved|complete|done|paid': 'SUCCESS, token invalid',
  '통보|노티|noti(?!ce)|콜백|callback|웹훅|webhook|결과전송|주문|승인번호': '가맹점 통보 인증 실패',
})
