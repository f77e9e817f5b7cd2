import { phrases } from './phrase.ts'

const WHO =
  '시스템|system|서버|server|호스트|host|기관|은행|카드사|원천사|결제사|매입사|발급사|제휴사|통신사|센터|van|밴사|밴|pg사|pg'
const WHAT =
  '내부|외부|프로그램|db|디비|데이터베이스|저장|기록|갱신|업데이트|반영|전문|조회|검색|확인|검증|연동|모듈|엔진|프로세스|작업|전송|송신|실행|트랜잭션|체크'
const TROUBLE = '오류|에러|error|실패|장애|문제|예외|exception|fail'

/**
 * Wordings that may hide a cancel that was made, or will be: they outweigh whatever else a message says. The words of PGs for such cases; those of proxies, web servers and runtimes between us and the PG; what people
 * write who do not know either.
 */
export const AMBIGUOUS = phrases({
  // The line to the PG, the bank or the card company failed.
  통신: '카드사 통신 장애',
  '송수신|수신오류|수신에러|수신실패|수신장애|송신오류|전문송신|전문수신':
    '전문 송신 중 오류가 발생하였습니다',
  '네트워크|네트웍|소켓|회선': '네트웍 오류',
  장애: '해당은행장애',
  '연결|접속 실패|오류|에러|지연|불가|불능|중|끊|이끊|할수없|하지못|되지|안됨|안되|종료|해제|거부':
    '카드사와 연결할 수 없습니다',
  '원활하지|원활치': '접속이 원활하지 않습니다',
  끊: '세션이 끊겼습니다',
  'network|socket|connect|communicat|unreachable|hangup|handshake|certificate|ssl|tls': 'SSL_ERROR_SYSCALL',
  'gateway|proxy|upstream|cloudflare|nginx|apache|tomcat|loadbalancer': '502 Bad Gateway',
  'emptyreply|brokenpipe|eof|endoffile|premature|incomplete|truncated|reset': 'Broken pipe',
  'curl|econn|epipe|etimed|enotfound|errno|http[345]\\d\\d': 'cURL error 7',
  '(?:read|recv|receive|send|write|transmi\\w*) (?:fail|error|err)': 'Read failed',
  // No answer, none in time, or none that could be read.
  '시간 초과|경과|만료|종료|오버|over|out': '응답시간 경과',
  '타임아웃|타임오버': '타임오버',
  '무응답|미응답|무반응|무회신|미회신|미수신': 'PG사 무반응',
  지연: 'API 지연처리 발생.',
  '응답|회신 없|을받지|받지|을수신하지|수신|실패|대기|전문|오류|에러|값|코드|못|안|불가|중|형식|이상|항목':
    '응답값이 없습니다',
  '결과|결과코드|결과값 없|못|조회|실패|오류|에러|수신|대기|불가|전송|미': '결과코드 없음',
  '받지|수신하지|수신 못|않|안': '승인 정보를 받지 못했습니다',
  '전달|전송|반환|회신|통보 되지|하지|실패|못|안|불가|오류': '매입사로 전달되지 않았습니다',
  'time * out|over|limitexceeded': 'time over',
  'noresponse|noreply|notrespond|noanswer|deadlineexceeded|delay': 'No reply from issuer',
  // The outcome is not known there either.
  '불명|불분명|불확실|불투명|미상|모르|모름|알지못': '취소 결과 불명',
  '알수 없': '알 수 없는 오류가 발생하였습니다',
  '확인 할수|불가|불능|안됨|안되|안된|되지|하지|못|지연|미|전|대기|어려': '취소 결과를 확인할 수 없습니다',
  '판단|판별|식별|결정|보장|단정|장담|특정|추적 할수없|불가|불능|되지|하지|못|안':
    '성공인지 판단할 수 없습니다',
  '미확인|미확정|미결|미완료|미처리|미정|미반영': '제휴사상태미확인',
  여부: '카드사에 취소 여부를 문의하세요',
  '(?:는|은|을|할|될|된|한|인|런|른)지(?!나|났|난|급|출|원|정|불|점|역|방|연)':
    '취소가 되었는지 카드사에 문의하세요',
  '결과|상태|내역|처리|완료|취소|환불|거래 재확인|확인|조회|체크|점검 요망|요$|요청|필요|바랍|바람|부탁|하시|해주|하십|하세요|후|하고|하여':
    '거래내역 확인 요망',
  '상태|결과|상황 불일치|상이|다름|다릅|다르|이상|오류|비정상|일치하지|맞지': '취소 상태 불일치',
  '일부|부분 성공|실패': '일부 성공',
  '전달|전송|송신|발송|통보|이관 되었|되어|됐|됨|완료|하였|했': '매입사로 전달되었습니다',
  '수도 있': '취소할 수도 있습니다',
  '(?:었|였|됐|했|졌)을 * 수|것|가능|듯': '취소되었을 것입니다',
  '가능성|추정|추측|의심|로보이|로보입|로보임|로보여|로여겨|로사료|것같|듯합|듯하|우려|아마':
    '취소 가능성이 있습니다',
  'unknown|undefined|undetermined|indeterminate|uncertain|unclear|unconfirmed|unverified|unresolved|notsure|unsure|notknown|inconsistent|inconclusive':
    'UNKNOWN',
  '(?:cannot|cant|couldnot|couldnt|unableto|failedto|failto|failureto|notbe|not) (?:confirm|verif|determine|check|know|tell|establish|ascertain)':
    'Unable to verify the refund',
  'maybe|mayhave|mayalready|mighthave|might|possibly|probably|perhaps|likely|whether':
    'The refund may have been made',
  // A system's own error, before or after the PG has acted.
  [`${WHAT} * ${TROUBLE}`]: '프로그램 오류',
  [`${WHO} ${TROUBLE}`]: '시스템 오류',
  '처리|승인|취소|환불|등록|요청 중|도중|과정|상|간 * 오류|에러|error|실패|문제|예외|이상':
    '취소 처리 중 오류',
  '처리 오류|에러|error|장애|문제|예외|불능': '처리 오류',
  '일시적|당분간|일시오류|일시중단': '일시적인 오류로 취소 실패되었습니다',
  '기타|미지정|예기치|예상치|원인|치명|정의되지|심각|미정의|비정상 * 오류|에러|실패|종료|문제|응답|처리|예외':
    '비정상 종료',
  '오류|에러|문제|예외|이상|exception|error 발생|났|나서|생겨|생겼|로인해|로인한|때문': '문제가 발생했습니다',
  'systemerror|servererror|internal|exception|panic|crash|abort|fatal|fault|stacktrace|nullpointer|sqlstate|dberror|databaseerror|deadlock|rollback|outofmemory|overload|toomanyrequests|toobusy':
    'Fatal error',
  'unavailable|maintenance|outofservice|servicedown|servicenotavailable|serviceisnotavailable':
    'Service Unavailable',
  '점검|정비': '시스템 점검 중',
  '서비스|업무|영업|이용 중지|중단|일시중지|정지중': '서비스 중지',
  '강제|중도 종료|중단': '강제 종료',
  '잠시|잠깐|조금 후|뒤|이후|만': '잠시 후 다시 시도하세요',
  '재시도|재처리|재전송|재요청|재조회': '재시도 요망',
  'tryagain|retry|temporar|later|transient|busy': 'Please try again later',
  // Still at work.
  '{cancel}|처리|진행|요청|신청|대기|심사|승인|작업|조회|검증|수행|전송|실행|이체|송금|반영|체크|확인 중(?!복|지|단|도|앙|간|계|요)':
    '취소 진행 중인 거래',
  '처리|진행|반영|수행|이체|송금 되고|하고|대기|예정|됩니다|될(?!수없)|합니다|하겠|해드':
    '취소 요청이 처리되고 있습니다',
  '{cancel}|승인|요청|처리|매입 * 대기|보류|예약': '환불 대기',
  '{cancel}|처리 됩니다|될예정|되어집니다|합니다|해드|하겠|드릴|예정|요망|해주|바랍|요함': '수동취소요망',
  '진행|작업 * 존재|있': '은행과 진행된 거래건이 존재합니다',
  'processing|(?<!(?:can|could)?notbe|unabletobe)processed|inprogress|inprocess|pending|ongoing|underway':
    'IN-PROGRESS',
  // Accepted, to be done later or elsewhere.
  접수: '취소 요청이 접수되었습니다',
  예정: '지급 예정',
  '익일|익영업일|다음영업일|다음날|명일|내일|추후|차후|나중|순차|후속|사후': '익일에 환불',
  '요청|신청|등록|접수 완료|성공|되었|됐|됨|하였|했습': '취소 신청 완료',
  '오프라인|수동|수기|별도 {cancel}|처리|환불': '환불 가능액을 초과했습니다.-오프라인처리',
  '망|자동|강제|보상 {cancel}': '자동취소 되었습니다',
  'accepted|queued|scheduled|submitted|received|initiated|refundrequested|cancel\\w*requested|willbe|deferred|nextbusiness|nextday':
    'accepted',
  // The same request may have been done before.
  '중복|반복적|연속|이중|재차': '중복 취소 요청입니다',
  '동시|선행|선점|경합|점유|잠금|lock|concurrent|double|another': '동시에 들어온 취소는 거절됩니다',
  '기존|이전|앞선|다른|먼저 요청|신청|취소|환불': '이전 취소 건이 있어 거절되었습니다',
  '{already} [{cancel}] 접수|요청|신청|진행|시도|전송|반영': '이미 요청한 건입니다',
  '{already} 처리|수행|완료|실행': '기처리데이터(정상후취소)',
  '동일|같은 요청|신청|취소|건|거래|주문': '동일한 요청건에 대해 다른 금액으로 환불이 완료되었습니다.',
  'already [been] (?:requested|submitted|processed|inprogress|exist|received|sent|done|handled|completed)':
    'already handled',
  'duplicat|samerequest|repeated': 'duplicate request',
})

/** What looks like one of the above and is not; taken out before those are looked for. */
export const UNAMBIGUOUS = phrases({
  '토큰|token [유효] 시간 만료|초과|경과': 'TOKEN 유효시간이 만료되었습니다',
  '정산 예정 금액|거래|금': '정산예정금액이 부족하여 취소가 불가합니다',
  '입금 대기중|대기 결제|거래|주문': '입금 대기중인 결제는 부분 환불이 불가합니다.',
  '{cancel} 가능 시간 초과|경과|만료|종료': '취소 가능 시간이 경과하였습니다',
  '(?:신용)?카드사 문의': '취소가 거절되었습니다. 카드사에 문의하시기 바랍니다',
})
