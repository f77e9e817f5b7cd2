import { phrases } from './phrase.ts'

const AMOUNT = '금액|액|액수|총액|잔액|잔고|한도|한도액|한도금액|amount'
const IS_MORE = '초과|넘|벗어|커|크|큰|큼|큽|많|높|상회|클수없|이상요청|이상을요청'
const CANNOT =
  '불가|불가능|불능|못합니다|못함|안됩니다|안됨|안되는|할수없|될수없|하실수없|받을수없|이용할수없|금지|제한|지원하지않|지원되지않|미지원|허용하지않|허용되지않|불허|거절|거부'
const IS_WRONG =
  '불일치|일치하지않|틀|다릅|다름|다르|상이|맞지않|잘못|올바르지않|바르지않|유효하지않|부정확|정확하지않|오류|에러|error'
const IS_MISSING = '미존재|존재하지않|없|누락|미설정|미입력'
const WINDOW = '당일|당월|금월|금일|해당달|이번달|해당월|같은달|\\d+(?:일|개월|년)(?:이내|내)'
const PAYMENT =
  '원거래|거래|거래건|거래내역|거래정보|결제|결제건|결제내역|결제정보|승인|승인건|승인내역|승인거래|원승인|주문|주문정보|대상거래|해당거래|해당거래건'
const NOT_THERE = '없(?!었던|던)|존재하지않|미존재|찾을수없|찾지못|조회되지않|notfound'

/**
 * A full cancel that is refused because a part was cancelled before. Looked for before "already cancelled", whose
 * words it holds: the payment is neither cancelled nor is this refund made.
 */
export const PARTLY_CANCELLED = phrases({
  [`(?:부분|일부|{already}) ~ {cancel} ~ (?:전체|전액|전부|일괄) [(?:승인|매입|결제|금액)] {cancel} ${CANNOT}`]:
    '이미 취소된 내역이 있어 전체취소할 수 없습니다',
  '(?:partial|part) ~ (?:refund|cancel) ~ (?:full|entire|whole|total) ~ (?:cannot|notallowed|notpossible|notpermitted|impossible)':
    'Partially refunded: full refund not allowed',
})

/** Declines of a cancel that say for certain that nothing was cancelled. */
export const DECLINED = phrases({
  // Its period is over.
  '{cancel} [가능|신청|요청|처리|허용|유효] 기간|기한|시한|기일|일자|가능일|가능시간|날짜|마감일 [을?이미] 경과|초과|지나|지났|지난|만료|종료|끝났|도과|넘었|넘어|넘은|아닙니다|아님':
    '취소 기간이 지났습니다',
  [`기간|기한|시한|마감|유효기간|보관기간 경과|초과|지나|지났|지난|만료|종료 ~ {cancel} ${CANNOT}`]:
    '기간 경과로 취소할 수 없습니다',
  [`${WINDOW} ~ {cancel} 만 가능|할수있|허용`]: '당월 취소만 가능합니다',
  [`${WINDOW} ~ 만 {cancel} ~ 가능|할수있|허용`]: '당일 거래만 취소할 수 있습니다',
  [`{cancel} ~ ${WINDOW} [건|거래|내] 만 가능|할수있|허용`]: '부분입금취소당일건만가능',
  [`(?:당일|당월|금월|금일|해당달|\\d+(?:일|개월|년)) ~ (?:이외|아닌|지난|경과|초과|이후|이전|외) ~ {cancel} ${CANNOT}`]:
    '당일거래 이외 취소 불가 가맹점입니다.',
  '{refund} ~ (?:period|window|deadline|duedate|timelimit|term) ~ (?:expired|passed|past|over|exceeded|elapsed|closed|ended)':
    'Refund period has expired',
  '(?:past|beyond|outside|exceeded|exceeds|expired) ~ {refund} ~ (?:period|window|deadline|date|timelimit|term)':
    'Past the refund period',
  'toolateto (?:cancel|refund|void)': 'Too late to cancel',
  // The amount is more than can be cancelled, or is not one.
  [`{cancel} 가능 [한] ${AMOUNT} [금액|액] ~ ${IS_MORE}`]: '취소 가능 금액 초과',
  [`{cancel} [요청|신청|하려는|시도|총] ${AMOUNT} ~ ${IS_MORE}`]: '입금액보다 취소금액이 큽니다.',
  [`{cancel} ~ 가능 [한] ~ [(?:비과세|면세|과세|부가세|공급가)] ${AMOUNT} ~ ${IS_MORE}`]:
    '변경요청(부분취소) 가능 비과세 금액 초과',
  [`(?:금액|잔액|잔고|승인액|결제액|입금액|판매액) (?:보다|을초과|을넘) ~ {cancel} [요청|신청] [${AMOUNT}] [요청|신청]`]:
    '결제금액을 초과하는 취소 요청입니다',
  [`{cancel} [요청|신청|가능] [거래] ${AMOUNT} ~ ${IS_WRONG}`]: '취소 금액 불일치',
  '(?:잘못된|올바르지않은|유효하지않은|맞지않는) {cancel} [요청|신청] 금액|액':
    '올바르지 않은 취소 금액 입니다.',
  '{cancel} [요청|신청] 금액|액 ~ (?:0|영)원?(?:이하|보다|미만|입니다|이)|이어야|여야|커야|작아야|이하여야|미만':
    '취소 요청금액 0원 이하',
  '{cancel} 할수없|불가능한|불가 금액|액': '취소 할 수 없는 금액 입니다.',
  '(?:비과세|면세|과세|부가세|봉사료|공급가|taxfree) [{cancel}] [요청] 금액|액 ~ (?:초과|큽|크|큰|클수없|불일치|다릅|상이|일치하지않|맞지않|올바르지않)':
    '면세금액 초과',
  '복합과세 가맹점|상점 ~ 아닙니다|아님': '복합과세 가맹점이 아닙니다',
  '{refund}|requested|request ~ amount ~ (?:exceed|greaterthan|morethan|largerthan|higherthan|over|toolarge|toohigh|invalid|mismatch|doesnotmatch|incorrect|wrong|zero)':
    'Refund amount exceeds the remaining amount',
  '(?:amount) ~ (?:exceeds?|exceeded|greaterthan|morethan|largerthan) ~ (?:refundable|cancell?able|remaining|available|balance|original|paid|payment|captured|limit)':
    'Amount exceeds the original payment',
  '(?:invalid|incorrect|wrong)(?:{refund})?amount': 'Invalid refund amount',
  // A limit is used up, or the balance does not suffice.
  '{cancel} [가능|허용|누적|일|월|일일|하루] 한도|한도액|한도금액|가능액|가능금액|횟수|건수|가능횟수 [금액|액|를|이] 초과|부족|소진|넘|모두사용|없|0원':
    '부분취소 가능횟수 초과',
  [`한도|한도액|한도금액|횟수 초과|부족|소진 ~ {cancel} ${CANNOT}`]: '한도 초과로 취소할 수 없습니다',
  '^(?:취소|환불|가맹점|상점|일|월|일일|금액)?한도(?:금액|액)?(?:가|를|을|이)?초과(?:되었습니다|하였습니다|했습니다|됐습니다|입니다|됨)?$':
    '한도초과',
  '(?:정산|정산예정|가맹점|상점|예치|상계|지급|판매|매출|출금|미정산|취소가능|환불가능) ~ (?:금|금액|대금|잔액|잔고|한도|예치금|보증금) ~ 부족|모자':
    '정산 잔액이 부족하여 취소할 수 없습니다',
  '(?:잔액|잔고|예치금|보증금|충전금|정산금|정산대금) ~ 부족|모자': '잔액이 부족합니다',
  '{cancel} 가능 [한] 내역|거래|건 ~ 없|남아있지않': '환불 가능한 거래 없음',
  '(?:insufficient|notenough|inadequate) ~ (?:balance|fund|amount|settlement)': 'Insufficient balance',
  'balance ~ (?:insufficient|notenough|toolow)': 'Balance not enough',
  '{refund} ~ limit ~ (?:exceed|reached|over)': 'Refund limit exceeded',
  'exceed(?:s|ed|ing)? ~ {refund} ~ limit|amount|balance': 'Exceeds the refund limit',
  // There is no such payment.
  [`(?<!(?:취소|환불|환급)(?:한|된|처리|처리된|완료|완료된|승인)?|결과|응답|진행중인)(?:${PAYMENT}) [정보|내역|건|이력|번호|자체] ${NOT_THERE}`]:
    '거래내역이 없습니다',
  [`{cancel} 할|하려는|대상|해당|요청하신|가능한|신청한 ~ (?:${PAYMENT}|내역|건|대상|자료|record|레코드) ~ ${NOT_THERE}`]:
    '취소할 내역이 없습니다',
  [`(?:존재하지않는|(?<!수)없는|찾을수없는) (?:${PAYMENT})(?!결과)`]: '존재하지 않는 결제 정보 입니다.',
  [`(?<!{cancel}|결과)(?:거래고유번호|거래번호|거래id|(?<![a-z])tid|결제키|승인번호|원승인번호|과금번호) ~ ${IS_WRONG}`]:
    '거래번호가 올바르지 않습니다',
  [`(?<!{cancel}|결과)(?:거래고유번호|거래번호|거래id|(?<![a-z])tid|결제키|승인번호|원승인번호) [값] ${IS_MISSING}`]:
    '거래번호 누락',
  '(?:유효하지않은|올바르지않은|잘못된|존재하지않는) (?:거래고유번호|거래번호|거래id|(?<![a-z])tid|결제키|승인번호)':
    '유효하지 않은 TID 입니다',
  '(?:transaction|payment|order|tid|trade|approval|record|charge) (?:id|data|info(?:rmation)?|number|was|is|does|could|can)* (?:notfound|notexist|doesnotexist|doesntexist|notbefound|missing)':
    'Payment not found',
  '(?:nosuch|norecordof|no(?=transaction|payment|order)|cannotfind|couldnotfind|invalid|nomatching) ~ (?:transaction|payment|order|tid|trade|charge|paymentkey)':
    'Invalid TID',
  // It cannot be cancelled.
  [`{cancel} [처리|진행|요청|신청|서비스] ${CANNOT}`]: '취소 할 수 없는 결제 입니다.',
  '{cancel} ~ 대상|상태|은행|가맹점|상점|거래|결제|카드|결제수단|기관 아닙니다|아님|아니므로|아니어서':
    '취소 가능한 상태가 아닙니다',
  '{cancel} [요청] 구분|유형|타입 [코드|값] (?:오류|에러|불일치|없|누락|올바르지않|잘못)':
    '취소구분 코드오류',
  '부분 {cancel} [요청] 상품코드 (?:없|존재하지않|맞지않|오류|불일치)': '부분취소 상품코드가 없습니다.',
  '{cancel} 권한 없|부족': '취소 권한이 없습니다',
  '{cancel} [위|용] 패스워드|비밀번호|암호|password|pwd [가|이] ~ (?:불일치|일치하지않|틀|오류|미설정|미입력|누락|올바르지)':
    '취소패스워드 불일치',
  '{cancel} 사유|금액|정보|구분 ~ (?:누락|미설정|미입력|입력되지않|필수|없)': '취소사유 미설정 오류입니다',
  '(?:허용|등록)되지않은 ~ (?:ip|아이피)': '허용되지 않은 IP입니다',
  '구매거절|구매확정전 [시|에] [만] {cancel} 가능': '에스크로 거래는 구매 또는 구매거절 시 취소가능',
  '(?:cannot|cant|notbe|notallowedto|notpermittedto|unableto|notpossibleto|impossibleto|not) [(?:be)] [(?:fully|partially)] (?:cancell?ed|cancell?able|refunded|refundable|voided|reversed|cancel|refund|void)(?!\\w*(?:status|result))':
    'Not permitted to cancel',
  '{refund} [request] [(?:is|was|has|been|are|hasbeen)] (?:notallowed|notpermitted|notpossible|notsupported|notavailable|notcancell?able|notrefundable|rejected|declined|refused|denied|prohibited|forbidden|impossible)':
    'Refund was rejected',
  '(?:non|un|not)(?:cancell?able|refundable)': 'Non-refundable payment',
  // Not in part.
  [`(?:부분|일부) [(?:승인|매입|결제|금액|금액에대한|에대한)] {cancel} ~ ${CANNOT}`]:
    '부분취소는 이 카드에서 불가',
  '(?:전체|전액|전부|일괄) [(?:승인|매입|결제|금액)] {cancel} (?:만|으로만|만이) ~ 가능|할수있|됩니다|허용':
    '전체취소만 가능한 해지된 가맹점입니다.',
  '부분 {cancel} 원?금액|액 ~ 작아야|적어야|미만|불일치|다릅|초과': '부분취소 원금액이 다릅니다..',
  '부분 {cancel} 결제수단|카드|수단 불일치|상이': '부분취소 결제수단 불일치',
  'partial(?:ly)? {refund} ~ (?:not|cannot|un(?:supported|available)|impossible|disallowed|prohibited|rejected)':
    'Partial refund is disallowed',
  // Where it is to be paid to: account, holder, bank.
  [`[(?:{cancel}|예금주|고객|수취|해당)] 계좌|계좌번호|예금주|예금주명|은행코드 [번호|정보|형식|명] [예금주명|예금주|실명] ${IS_WRONG}`]:
    '환불 계좌번호와 예금주명이 일치하지 않습니다.',
  '(?:잘못된|유효하지않은|올바르지않은|존재하지않는|해지된|지원하지않는|정지된) [{cancel}] 계좌|은행|예금주':
    '유효하지 않은 은행입니다.',
  '(?:account|holder|bank) ~ (?:doesnotmatch|donotmatch|mismatch|invalid|notmatch|incorrect)':
    'Account holder does not match',
  '(?:invalid|incorrect|wrong) ~ (?:account|holder|bank)': 'Invalid bank',
})

/** What may stand beside a decline without making it doubtful; taken out before doubts are looked for. */
export const HARMLESS = phrases({
  '정산|매입|배송|구매|구매확정|결제|사용|교환|발급|탈퇴|해지|휴면|정지|확정 [처리] 완료|된|되어|되었으므로|됨|완료된|완료되어':
    '매입 완료된 거래는 취소 불가',
  '\\u0000 오류|에러': '취소사유 미설정 오류입니다',
  '없기때문|없으므로|없어서|없어': '자료가 없기때문에 취소 불가',
  '{cancel} [요청|처리|진행|승인|신청] (?:할수없|할수가없|될수없|되지않|하지못|하실수없|이되지않|실패|실폐|오류|에러|불가|거절|거부)':
    '취소할 수 없습니다',
  '(?:이용|진행|처리|승인|거래|신청|요청|사용) (?:할수없|하실수없|불가|거절)': '이용하실 수 없습니다',
  '(?:일치|올바르|유효|존재|허용|정확|지원|등록|부합)(?:하|되)?지(?:가)?않': '유효하지 않은 값입니다',
  '(?:금액|형식|포맷|format|값|번호|코드|구분|파라미터|입력|데이터|기간|기한|횟수|비밀번호|패스워드|한도|초과|부족|불일치|누락|미설정|경과|없음|없는) [(?:값|으로인한|로인한)] (?:오류|에러|error)':
    '형식 오류',
  '^\\w{0,8}(?:오류|에러|error|fail|failed)(?:코드|메시지|내용|번호|code|message)?\\d*': '오류코드 1001',
  '(?:{refund}|request)(?:request)?(?:has|is)?(?:failed|failure|error)': 'Refund failed',
})
