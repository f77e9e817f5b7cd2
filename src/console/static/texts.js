// Every text of the page, in English and Korean.

const LANGUAGES = ['en', 'ko']

/** Nothing secret: which language the page was last read in. */
const REMEMBERED = 'console-language'

const TEXTS = {
  title: ['Refund console', '환불 콘솔'],
  skip: ['Skip to the content', '본문으로 건너뛰기'],
  navigation: ['Screens', '화면'],
  language: ['한국어', 'English'],
  signedInAs: ['Signed in as', '로그인한 호출자'],
  signOut: ['Sign out', '로그아웃'],
  openGateway: ['open gateway', '열린 게이트웨이'],
  loading: ['Reading…', '읽는 중…'],
  refresh: ['Refresh', '새로 고침'],
  print: ['Print', '인쇄'],
  copy: ['Copy', '복사'],
  copied: ['Copied', '복사됨'],
  cancel: ['Cancel', '취소'],
  stop: ['Stop', '중지'],
  show: ['Show', '보기'],
  hide: ['Hide', '가리기'],
  hidden: ['hidden', '가려짐'],
  none: ['none', '없음'],
  all: ['all', '전체'],
  yes: ['yes', '예'],
  no: ['no', '아니요'],
  total: ['Total', '합계'],
  optional: ['optional', '선택'],
  firstPage: ['First page', '첫 페이지'],
  nextPage: ['Next page', '다음 페이지'],
  pages: ['Pages', '페이지'],
  shown: ['{count} shown', '{count}건 표시'],
  updatedAt: ['as of {time}', '{time} 기준'],
  ago: ['{age} ago', '{age} 전'],
  in: ['in {age}', '{age} 후'],
  lessThanASecond: ['less than a second', '1초 미만'],
  noSuchScreen: ['There is no such screen', '없는 화면입니다'],
  notAllowed: [
    'This key lacks the scope {scopes}. Sign in with another key, or ask whoever keeps API_KEYS.',
    '이 키에는 {scopes} 권한이 없습니다. 다른 키로 로그인하거나 API_KEYS 담당자에게 문의하세요.',
  ],

  signIn: ['Sign in', '로그인'],
  key: ["A caller's key", '호출자 키'],
  keyHelp: [
    'It stays in the memory of this tab alone. After 15 minutes without a touch it is dropped.',
    '이 탭의 메모리에만 보관합니다. 15분 동안 사용하지 않으면 지워집니다.',
  ],
  withoutKey: ['Continue without a key', '키 없이 계속'],
  withoutKeyHelp: [
    'With a client certificate, or at a gateway that has no keys.',
    '클라이언트 인증서를 쓰거나, 키가 없는 게이트웨이일 때.',
  ],
  signingIn: ['Signing in…', '로그인 중…'],
  looking: ['Looking whether a key is needed…', '키가 필요한지 확인하는 중…'],
  endedIdle: [
    'Nobody touched the page for 15 minutes, so you were signed out.',
    '15분 동안 사용하지 않아 로그아웃되었습니다.',
  ],
  endedRefused: [
    'The key is not accepted any more, so you were signed out.',
    '키가 더는 유효하지 않아 로그아웃되었습니다.',
  ],
  endedByHand: ['You are signed out. The key is forgotten.', '로그아웃되었습니다. 키를 지웠습니다.'],
  endedLeft: ['You left the page, so you were signed out.', '페이지를 떠나 로그아웃되었습니다.'],

  navToday: ['Today', '오늘'],
  navUnknown: ['Unknown', '미확정'],
  navFind: ['Find', '찾기'],
  navDesk: ['Actions', '작업'],
  navState: ['State', '상태'],

  status_processing: ['in flight', '처리 중'],
  status_succeeded: ['succeeded', '성공'],
  status_failed: ['failed', '실패'],
  status_unknown: ['unknown', '미확정'],
  status_awaiting_deposit: ['awaiting deposit', '입금 대기'],
  status_disputed: ['disputed', '상충'],
  kind_full: ['full', '전액'],
  kind_partial: ['partial', '부분'],

  member_id: ['Refund', '환불'],
  member_status: ['Status', '상태'],
  member_account: ['Account', '계정'],
  member_tid: ['Payment (tid)', '결제 (tid)'],
  member_kind: ['Kind', '종류'],
  member_amount: ['Amount', '금액'],
  member_tax_free_amount: ['Tax-free part', '비과세 금액'],
  member_reason: ['Reason', '사유'],
  member_reference: ['Reference', '참조'],
  member_refund_account: ['Pays back to', '환불 계좌'],
  member_account_name: ['Account holder', '예금주'],
  member_requested_by: ['Asked for by', '요청한 호출자'],
  member_created_at: ['Asked for', '요청 시각'],
  member_updated_at: ['Last change', '마지막 변경'],
  member_refunded_at: ['Refunded', '환불 시각'],
  member_failure: ['Why it failed', '실패 이유'],
  member_resolution: ['Settled by', '확정한 쪽'],
  member_metadata: ['Metadata', '메타데이터'],
  member_deposit: ['Deposit', '입금 안내'],
  member_provider: ["CookiePay's answer", 'CookiePay 응답'],
  member_cancel_tid: ['Cancel’s id', '취소 번호'],
  member_cancel_code: ['Code', '코드'],
  member_cancel_msg: ['Message', '메시지'],
  member_cancel_date: ['Date', '취소 일시'],
  member_cancel_amt: ['Amount', '취소 금액'],
  noAnswer: ['no answer was read', '읽은 응답 없음'],
  cutDown: [
    'Refunds of other callers are cut down: all of them are told with the scope read_all.',
    '다른 호출자의 환불은 일부만 보입니다. 전부 보려면 read_all 권한이 필요합니다.',
  ],

  today: ['Refunds of {date}', '{date} 환불'],
  todayZone: ['A day of Korea, from midnight to midnight KST.', '한국 시간(KST) 자정부터 자정까지.'],
  date: ['Date', '날짜'],
  dayBefore: ['Day before', '전날'],
  dayAfter: ['Day after', '다음 날'],
  succeeded: ['Refunded', '환불됨'],
  declined: ['Declined', '거절됨'],
  unknown: ['Unknown', '미확정'],
  disputes: ['Disputes', '상충'],
  mismatches: ['Other amounts', '금액 불일치'],
  mismatchesHelp: [
    'CookiePay says another amount than was asked for. The ledger counts what CookiePay says.',
    'CookiePay가 요청과 다른 금액을 취소했다고 합니다. 원장에는 CookiePay의 금액을 반영합니다.',
  ],
  counted: ['Counted', '반영 금액'],
  completeUntil: ['Complete until {time}.', '{time}까지 반영되었습니다.'],
  oldestUnknown: ['oldest: {age}', '가장 오래된 것: {age}'],
  byAccount: ['By account and caller', '계정·호출자별'],
  byCode: ['Declined, by code', '거절 코드별'],
  code: ['Code', '코드'],
  caller: ['Caller', '호출자'],
  number: ['Number', '건수'],
  curve: ['The day, by hour', '시간대별'],
  curveHelp: [
    'What the refunds that last changed in each hour came to.',
    '각 시간에 마지막으로 바뀐 환불의 합계입니다.',
  ],
  curveDraw: ['Draw it ({count} refunds are read)', '그리기 ({count}건을 읽습니다)'],
  curveRead: ['{count} refunds read', '{count}건 읽음'],
  unknownOrDisputed: ['Unknown or disputed', '미확정 또는 상충'],
  asTable: ['As a table', '표로 보기'],
  curveNone: ['Nothing happened on this day.', '이 날은 환불이 없습니다.'],
  hour: ['Hour (KST)', '시 (KST)'],

  unknownQueue: ['What is not settled', '확정되지 않은 환불'],
  unknownHelp: [
    'Oldest first. An unknown refund blocks its payment until it is settled; it is never sent again.',
    '오래된 순입니다. 미확정 환불은 확정될 때까지 그 결제를 막으며, 다시 보내지 않습니다.',
  ],
  queueNone: ['Nothing is waiting here.', '기다리는 것이 없습니다.'],
  age: ['Age', '경과'],
  known: ['What is known', '알려진 것'],
  toDo: ['What to do', '할 일'],
  lookups: ['Lookups', '조회'],
  lookupsFull: ['repeated by the gateway', '게이트웨이가 반복 조회'],
  lookupsNone: ['cannot tell of a part', '부분 환불은 조회로 알 수 없음'],
  notifications: ['Notifications', '통지'],
  notificationsOf: ['{count} of this payment', '이 결제에 {count}건'],
  adviseProcessing: ['Nothing: its call is under way.', '할 일 없음: 호출이 진행 중입니다.'],
  adviseFull: [
    'Wait a while: a lookup that is certain settles it. Else look in CookiePay’s console and resolve it.',
    '잠시 기다리세요. 조회로 확실해지면 자동으로 확정됩니다. 그렇지 않으면 CookiePay 관리자 화면에서 확인하고 확정하세요.',
  ],
  advisePartial: [
    'Look in CookiePay’s console whether this amount was cancelled, and resolve it: no lookup can tell.',
    '이 금액이 취소되었는지 CookiePay 관리자 화면에서 확인하고 확정하세요. 조회로는 알 수 없습니다.',
  ],
  adviseCode: [
    'Where nobody knows this code, ask CookiePay what it means; a decline goes into COOKIEPAY_DECLINED_CODES.',
    '이 코드의 뜻을 모르면 CookiePay에 문의하세요. 거절이라면 COOKIEPAY_DECLINED_CODES에 추가합니다.',
  ],
  adviseOwn: [
    'You asked for it: another person has to resolve it.',
    '본인이 요청했으므로 다른 사람이 확정해야 합니다.',
  ],
  adviseDisputed: [
    'It had failed, and a later answer says that it was made. Look in CookiePay’s console and resolve it.',
    '실패로 기록되었으나 나중 응답은 환불되었다고 합니다. CookiePay 관리자 화면에서 확인하고 확정하세요.',
  ],
  adviseDeposit: [
    'Pay the amount into the account that CookiePay named; it settles when the notification comes.',
    'CookiePay가 알려 준 계좌로 금액을 입금하세요. 통지가 오면 확정됩니다.',
  ],

  find: ['Find a refund', '환불 찾기'],
  findKnown: ['By what you have in hand', '가지고 있는 값으로'],
  findAny: ['Refund id or tid', '환불 id 또는 tid'],
  findAnyHelp: ['rf_… opens the refund, anything else the payment.', 'rf_…는 환불을, 그 밖은 결제를 엽니다.'],
  findGo: ['Open', '열기'],
  findKey: ['By the caller and its idempotency key', '호출자와 멱등 키로'],
  idempotencyKey: ['Idempotency-Key', 'Idempotency-Key'],
  findKeyGo: ['Open its refund', '그 환불 열기'],
  findKeyNot: [
    'This browser can do it only over TLS or on this machine.',
    '이 브라우저에서는 TLS 또는 이 기기에서만 가능합니다.',
  ],
  findTime: ['By date', '날짜로'],
  findTimeHelp: [
    'Of the last change of state; dates of Korea, both included.',
    '마지막 상태 변경 기준이며, 한국 날짜로 양 끝을 포함합니다.',
  ],
  from: ['From', '시작일'],
  to: ['To', '종료일'],
  search: ['Search', '검색'],
  found: ['Found', '검색 결과'],
  foundNone: ['Nothing fits.', '맞는 것이 없습니다.'],
  foundMore: ['There are more; narrow the dates.', '더 있습니다. 날짜를 좁히세요.'],
  readSoFar: ['{count} refunds read, {found} fit', '{count}건 읽음, {found}건 일치'],

  payment: ['Payment', '결제'],
  ledger: ['Ledger', '원장'],
  paid: ['Paid', '결제 금액'],
  method: ['Method', '결제 수단'],
  ledger_refunded: ['refunded', '환불됨'],
  ledger_outside: ['refunded outside', '외부 환불'],
  ledger_in_flight: ['in flight', '처리 중'],
  ledger_unknown: ['unknown', '미확정'],
  ledger_awaiting_deposit: ['awaiting deposit', '입금 대기'],
  ledger_disputed: ['disputed', '상충'],
  ledger_remaining: ['remaining', '환불 가능'],
  overRefunded: ['More was refunded than was paid.', '결제 금액보다 많이 환불되었습니다.'],
  paymentRefunds: ['Refunds of this payment', '이 결제의 환불'],
  notificationsNone: ['CookiePay has sent none of this payment.', '이 결제에 대한 통지가 없습니다.'],
  received: ['Received', '수신'],
  type: ['Type', '종류'],
  matched: ['Belongs to', '해당 환불'],
  means_refund: ['a refund of ours', '우리 환불'],
  means_outside: ['a booked outside refund', '기록된 외부 환불'],
  means_ambiguous: ['it may mean several', '여러 건일 수 있음'],
  means_none: ['not booked yet: a cancel from outside', '아직 기록되지 않은 외부 취소'],
  adviseBook: [
    'CookiePay has told of a cancel that is none of ours. Look in its console, and book it below.',
    '우리 것이 아닌 취소가 통지되었습니다. CookiePay 관리자 화면에서 확인하고 아래에서 기록하세요.',
  ],
  outsideRefunds: ['Booked from outside', '외부 환불 기록'],
  bookedAt: ['Booked', '기록 시각'],
  bookedBy: ['By', '기록자'],
  notPaidHere: ['not known: nothing was refunded of it here', '알 수 없음: 여기서 환불한 적이 없습니다'],
  timeline: ['History', '이력'],
  timelineFirst: ['Of the first {count} refunds.', '처음 {count}건의 이력입니다.'],
  unknownPayment: ['Nothing of this payment is known here.', '이 결제에 대한 기록이 없습니다.'],

  refund: ['Refund', '환불'],
  details: ['Details', '상세'],
  event_processing: ['asked for', '요청됨'],
  event_unknown: ['became unknown', '미확정이 됨'],
  event_succeeded: ['succeeded', '성공'],
  event_failed: ['failed', '실패'],
  event_disputed: ['disputed', '상충'],
  event_conflict: ['contradicted; nothing changed', '모순된 응답, 변경 없음'],
  event_awaiting_deposit: ['awaits a deposit', '입금 대기'],
  event_notification: ['notification', '통지'],
  event_outside: ['booked from outside', '외부 환불 기록'],
  source_caller: ['by the caller', '호출자'],
  source_provider: ['by CookiePay’s answer', 'CookiePay 응답'],
  source_lease: ['its process was gone', '처리 프로세스 종료'],
  source_lookup: ['by a lookup', '조회'],
  source_notification: ['by a notification', '통지'],
  source_operator: ['by a person', '사람'],
  replays: ['Repeats', '재요청'],
  replaysHelp: [
    'Whoever repeats the request with the same key gets this state, the header below, and no second refund.',
    '같은 키로 다시 요청하면 이 상태와 아래 헤더를 받으며, 두 번 환불되지 않습니다.',
  ],
  askByCurl: ['Ask for it yourself', '직접 조회'],
  askByCurlHelp: [
    'KEY stands for your key, which is not in it.',
    'KEY 자리에 본인의 키를 넣으세요. 여기에는 들어 있지 않습니다.',
  ],

  resolve: ['Resolve', '확정'],
  resolveHelp: [
    'Only what you have seen in CookiePay’s console. It cannot be taken back.',
    'CookiePay 관리자 화면에서 직접 확인한 것만 입력하세요. 되돌릴 수 없습니다.',
  ],
  rules: ['Rules', '규칙'],
  ruleOpen: [
    'It is unknown, disputed or awaiting a deposit.',
    '미확정, 상충 또는 입금 대기 상태여야 합니다.',
  ],
  ruleOther: [
    'Another person than who asked for it ({by}).',
    '요청한 호출자({by})가 아닌 사람이어야 합니다.',
  ],
  ruleOtherOpen: [
    'Another person than who asked for it: this open gateway cannot tell.',
    '요청한 사람이 아니어야 합니다. 열린 게이트웨이는 구별하지 못합니다.',
  ],
  ruleFailed: ['“It was not made” from {time} on', '“환불되지 않음”은 {time}부터'],
  ruleFailedWait: ['that is {in}', '{in}'],
  ruleFailedNow: ['that is now', '지금 가능'],
  ruleFailedWhy: [
    'Until then a cancel may still be applied late.',
    '그전에는 취소가 늦게 반영될 수 있습니다.',
  ],
  ruleMet: ['met', '충족'],
  ruleNotMet: ['not met', '미충족'],
  rulesUnread: [
    'This key may not read refunds, so the rules are checked by the gateway: not your own, not too early to call it failed.',
    '이 키로는 환불을 읽을 수 없어 게이트웨이가 규칙을 확인합니다: 본인 요청이 아닐 것, 실패는 너무 이르지 않을 것.',
  ],
  outcome: ['What became of it', '결과'],
  outcomeSucceeded: ['It was made: the money went back', '환불됨: 돈이 돌아갔음'],
  outcomeFailed: ['It was not made: no money moved', '환불되지 않음: 돈이 움직이지 않았음'],
  note: ['How that was found out', '확인한 방법'],
  noteHelp: [
    'Kept with the refund, and shown to whoever reads it.',
    '환불과 함께 보관되며, 읽는 사람에게 보입니다.',
  ],
  consoleShows: ['What the console shows of it', '관리자 화면에 보이는 내용'],
  review: ['Review', '검토'],
  confirmTitle: ['Resolve this refund?', '이 환불을 확정할까요?'],
  confirmSucceeded: [
    '{amount} of {tid} counts as refunded for good.',
    '{tid}의 {amount}을(를) 환불된 것으로 확정합니다.',
  ],
  confirmFailed: [
    '{amount} of {tid} is free to be refunded again. If it was made after all, the customer may get it twice.',
    '{tid}의 {amount}을(를) 다시 환불할 수 있게 됩니다. 실제로 환불되었다면 고객이 두 번 받을 수 있습니다.',
  ],
  confirmGo: ['Resolve it', '확정'],
  resolved: ['Resolved: it counts as {status}.', '확정되었습니다: {status}.'],
  resolvedByOther: [
    'Somebody else has settled it meanwhile: {status}{by}. What you entered was not taken.',
    '그사이 다른 쪽에서 확정했습니다: {status}{by}. 입력한 내용은 반영되지 않았습니다.',
  ],
  byWhom: [', by {by}', ', {by}'],
  sending: ['Sending…', '보내는 중…'],

  depositAsk: ['Ask for a deposit account', '입금 계좌 요청'],
  depositHelp: [
    'Kiwoompay wants money first (9029). CookiePay is asked once for the account to pay into; the refund then waits for it.',
    '키움페이 잔액이 부족합니다(9029). 입금할 계좌를 CookiePay에 한 번 요청하며, 환불은 입금을 기다립니다.',
  ],
  depositConfirm: [
    'From then on {amount} is held until the deposit is seen or a person settles it.',
    '요청하면 입금이 확인되거나 사람이 확정할 때까지 {amount}이(가) 묶입니다.',
  ],
  depositAsked: ['The account was asked for.', '입금 계좌를 요청했습니다.'],
  depositExpires: ['Pay by {time}', '{time}까지 입금'],
  depositLost: [
    'The answer was lost. Look in CookiePay’s console, and resolve it by what is seen there.',
    '응답을 받지 못했습니다. CookiePay 관리자 화면에서 확인하고 확정하세요.',
  ],
  requestedAt: ['Asked at', '요청 시각'],

  desk: ['Actions', '작업'],
  outsideTitle: ['Book an outside refund', '외부 환불 기록'],
  outsideHelp: [
    'What was refunded in CookiePay’s console and not through the gateway. A negative amount takes a booking back.',
    '게이트웨이를 거치지 않고 CookiePay 관리자 화면에서 환불한 것입니다. 음수는 기록을 되돌립니다.',
  ],
  outsideRule: [
    'Not more than remains of the payment; to take back, not more than was booked. {remaining} remain, {outside} are booked.',
    '남은 금액을 넘을 수 없고, 되돌릴 때는 기록된 금액을 넘을 수 없습니다. 남은 금액 {remaining}, 기록된 금액 {outside}.',
  ],
  outsideRuleGeneral: [
    'Not more than remains of the payment; to take back, not more than was booked.',
    '남은 금액을 넘을 수 없고, 되돌릴 때는 기록된 금액을 넘을 수 없습니다.',
  ],
  outsideGo: ['Book it', '기록'],
  outsideConfirm: [
    '{amount} of {tid} counts as refunded outside.',
    '{tid}의 {amount}을(를) 외부에서 환불된 것으로 기록합니다.',
  ],
  outsideDone: [
    'Booked. {remaining} remain of the payment.',
    '기록했습니다. 결제에서 {remaining} 남았습니다.',
  ],
  won: ['KRW', '원'],
  redeliverTitle: ['Send events again', '이벤트 다시 보내기'],
  redeliverHelp: [
    'To one endpoint, what happened in that time. It may get what it has already, with the same webhook-id.',
    '한 수신처에 그 기간의 이벤트를 다시 보냅니다. 이미 받은 것도 같은 webhook-id로 다시 올 수 있습니다.',
  ],
  endpoint: ['Endpoint', '수신처'],
  redeliverGo: ['Send again', '다시 보내기'],
  redeliverDone: ['{count} events are queued.', '이벤트 {count}건을 대기열에 넣었습니다.'],
  redeliverRest: [
    'There was no place for more: ask again from {time} on once these are sent.',
    '더 넣을 자리가 없습니다. 이것을 보낸 뒤 {time}부터 다시 요청하세요.',
  ],
  timeFrom: ['From (KST)', '시작 (KST)'],
  timeTo: ['To (KST)', '종료 (KST)'],
  exportTitle: ['Export', '내보내기'],
  exportHelp: [
    'Every refund that changed in these days, as a file.',
    '이 기간에 바뀐 모든 환불을 파일로 받습니다.',
  ],
  exportHolds: [
    'The file holds account holders and metadata. Keep it as you keep the books.',
    '파일에는 예금주와 메타데이터가 들어 있습니다. 장부처럼 보관하세요.',
  ],
  format: ['Format', '형식'],
  formatCsv: ['CSV, for a spreadsheet', 'CSV (스프레드시트용)'],
  formatNdjson: ['NDJSON, for programs', 'NDJSON (프로그램용)'],
  exportGo: ['Download', '다운로드'],
  exportProgress: ['{size} read', '{size} 읽음'],
  exportDone: ['{size}, saved as {name}.', '{size}, {name} 파일로 저장했습니다.'],
  resolveById: ['Resolve by id', 'id로 확정'],
  refundId: ['Refund id', '환불 id'],

  state: ['State of the gateway', '게이트웨이 상태'],
  ready: ['Ready: refunds are taken', '정상: 환불을 받고 있습니다'],
  notReady: ['Not ready: refunds are refused', '비정상: 환불을 거부하고 있습니다'],
  parts: ['What that hangs on', '구성 요소'],
  part: ['Part', '구성 요소'],
  partReady: ['Ready', '정상 여부'],
  detail: ['Detail', '내용'],
  part_store: ['Store (Redis)', '저장소 (Redis)'],
  part_process: ['Process', '프로세스'],
  accounts: ['Accounts', '계정'],
  pg: ['PG', 'PG'],
  breaker: ['Calls to CookiePay', 'CookiePay 호출'],
  breakerOpen: ['paused: the provider keeps failing', '중단됨: 계속 실패하고 있습니다'],
  breakerClosed: ['going through', '정상'],
  storeState: ['Store', '저장소'],
  unsettled: ['Not settled now', '현재 미확정 또는 처리 중'],
  pendingWrites: ['Outcomes waiting for the store', '저장을 기다리는 결과'],
  oldestEvent: ['Oldest event not delivered', '전달되지 않은 가장 오래된 이벤트'],
  limits: ['Limits used today', '오늘 사용한 한도'],
  limit: ['Limit', '한도'],
  used: ['Used', '사용'],
  limitsNone: ['No caller has a daily limit.', '일일 한도가 있는 호출자가 없습니다.'],
  thisReplica: ['Of the replica that answered.', '응답한 인스턴스의 상태입니다.'],
  scopes: ['Your scopes', '내 권한'],
  notSaid: ['not said', '알 수 없음'],

  problem: ['That did not work', '처리하지 못했습니다'],
  whatToDo: ['What to do', '할 일'],
  retry_same_key: [
    'Send the same again{after}. It is safe.',
    '{after}같은 내용을 다시 보내세요. 안전합니다.',
  ],
  retryAfter: [' after {seconds} s', '{seconds}초 후 '],
  retry_fix_request: [
    'Nothing was stored. Correct it and send it again.',
    '저장된 것이 없습니다. 고쳐서 다시 보내세요.',
  ],
  retry_ask_otherwise: [
    'Nothing was changed. Look at what was asked for.',
    '바뀐 것은 없습니다. 조회한 값을 확인하세요.',
  ],
  retry_new_key: [
    'This attempt is spent; another one is a new decision.',
    '이 시도는 끝났습니다. 새 시도는 새로 결정하세요.',
  ],
  retry_after_resolution: [
    'Settle the refund that is named here first.',
    '여기 나온 환불을 먼저 확정하세요.',
  ],
  retry_never: ['Do not repeat it as it is.', '그대로 다시 보내지 마세요.'],
  tryAgain: ['Try again', '다시 시도'],
  requestId: ['Request', '요청'],
  unreachable: [
    'The gateway did not answer. It is not known whether it heard the request.',
    '게이트웨이가 응답하지 않았습니다. 요청이 전달되었는지 알 수 없습니다.',
  ],
  brokenOff: ['It was broken off on the way. Nothing was saved.', '도중에 끊겼습니다. 저장된 것이 없습니다.'],
  unreadable: ['The answer could not be read (HTTP {status}).', '응답을 읽을 수 없습니다 (HTTP {status}).'],
}

let current = preferred()

function preferred() {
  const remembered = remember()
  if (LANGUAGES.includes(remembered)) return remembered
  return navigator.language.toLowerCase().startsWith('ko') ? 'ko' : 'en'
}

/** Reads what is remembered, or writes it; a browser may refuse both. */
function remember(language) {
  try {
    if (language !== undefined) localStorage.setItem(REMEMBERED, language)
    return localStorage.getItem(REMEMBERED)
  } catch {
    return null
  }
}

export function language() {
  return current
}

export function switchLanguage() {
  current = LANGUAGES.find((other) => other !== current)
  remember(current)
  document.documentElement.lang = current
}

/** The text of this name, with what stands in braces replaced by the values. */
export function text(name, values = {}) {
  const found = TEXTS[name]?.[LANGUAGES.indexOf(current)]
  if (found === undefined) throw new Error(`bug: there is no text ${name}`)
  return found.replace(/\{(\w+)\}/g, (_, member) => String(values[member] ?? ''))
}

/** Whether there is a text of this name: of what a newer gateway may say. */
export function hasText(name) {
  return Object.hasOwn(TEXTS, name)
}

/** The text of this name, or else the word itself. */
export function word(prefix, value) {
  return hasText(`${prefix}_${value}`) ? text(`${prefix}_${value}`) : String(value)
}
