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
  '경고|주의|warning|warn|alert': '경고: 한도 초과',
})
