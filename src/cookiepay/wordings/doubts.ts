import { phrases } from './phrase.ts'

/** What turns a statement round, or leaves open whether it holds. They stand beside it: "취소 기간이 지나지 않았습니다". */
export const NEGATIONS = phrases({
  '아니|아닙|아닌|아님|않|(?<!잘)못|없|무관|불구|무시|해제|예외|제외': '한도 초과가 아닙니다',
  '수 있': '거래가 존재하지 않을 수 있습니다',
  '해소|해결|정정|수정|복구|보정': '잔액 부족 해소 후 취소',
  '지만|으나|는데|라도|더라도|그러나|하지만|반면|불문': '한도를 초과했으나 승인',
  '(?:초과|부족|경과|만료|불일치)(?:하|되)?면': '한도를 초과하면 취소할 수 없습니다',
  '\\u0000(?:하|되|이|으|라|될|할|했다|된다|한다)?면(?!세)': '한도를 초과하면 취소 불가',
  '\\u0000(?:직전|전에|전$|이전)': '취소 기간 경과 전',
  '(?<!can)not(?!e|ice|if)|without|unless|except|although|however|despite|but(?!ton)|before|until|never|neither':
    'Refund period expired, but refunded',
})

/** What says that a cancel was made. */
export const CLAIMED_CANCEL = phrases({
  '{cancel} [승인|처리|요청|진행] (?:되었|됐|됨|된|완료|성공|하였|했|시작|개시|정상|드렸|드립|됩니다|합니다|돼|되어|되고|하고|후|함$)':
    '취소되었습니다',
  'refunded|cancell?ed|voided|reversed': 'refunded',
})

/** What says that something else was done, or went wrong. */
export const CLAIMS = phrases({
  '처리|진행|반영|접수|승인|이체|입금|지급|송금 완료|되었|됐|됨|된|하였|했': '정상 처리되었습니다',
  '정상|성공|완료|승인됨|^ok|ok$|success|approved|complete|done|issued|settled|credited|paid(?!amount)|sent':
    '정상 처리',
  '오류|에러|error|실패|fail|장애|이상(?!의)|문제': '한도 조회 실패',
  // Something was done in the place of what was declined.
  '{cancel} [처리] $': '취소 금액 불일치 - 승인금액으로 취소',
  '(?<=로)(?:처리|전환|대체|진행|지급|송금|이체|입금|변경|반영|보상)': '부분취소 불가, 전체취소로 처리',
  '(?:송금|이체|지급|입금|반영|보상|전환|대체|승인) [처리] $': '취소거절 응답 후 카드사 승인',
  'refunding|cancell?ing|made|instead|issued': 'Cannot be cancelled: refund made',
  // Another cancel of the payment is why: it may be this one.
  '{cancel} [요청|신청|처리|완료|승인|거래] [된|한] [내역|이력|건|기록|데이터] (?:이있|가있|있어|있으|있음|있습|존재(?!하지)|확인되|확인됨|발견)':
    '취소 내역이 있어 취소할 수 없습니다',
  '\\u0000(?<=(?:(?<![현존소])재|추가|다시|두번|[2-9]회|두차례)(?:로|는|하여)?\\u0000)':
    '다시 취소할 수 없습니다',
  'again|twice|existing|exists|previous|chargedback': 'cannot be refunded again',
  '차감|보류|반송|재이체|돌려|담당자|본사': '취소할 수 없어 차감 처리',
  'performed|applied|credited|using|purged|archived': 'Refund denied; credit applied',
  '경고|주의|warning|warn|alert': '경고: 한도 초과',
})
