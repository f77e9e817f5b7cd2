/**
 * The words of the generated tables in Korean, by the English text that they translate. Who changes an English text
 * finds its Korean here, and a test finds what is left over.
 */
export const KOREAN: Readonly<Record<string, string>> = {
  // Heads and short words
  '`code`': '`code`',
  status: 'HTTP 상태',
  '`retry`': '`retry`',
  stored: '저장',
  'what to do': '조치',
  '`payment.method`': '`payment.method`',
  'in full': '전액',
  'in part': '부분',
  needs: '필수 항목',
  'tid begins with': 'tid의 첫 단어',
  'the sandbox': '샌드박스의 동작',
  'the gateway': '게이트웨이의 응답',
  variable: '변수',
  default: '기본값',
  meaning: '의미',
  scope: '권한',
  'lets a caller': '할 수 있는 일',
  'in a clone': '소스에서',
  'in the image': '이미지에서',
  does: '하는 일',
  yes: '예',
  no: '아니요',
  'only with': '다음 PG만:',
  unset: '없음',

  // What to do about each problem
  '`errors` points at each member': '`errors`가 가리키는 항목을 고칩니다',
  'send the header': '헤더를 보냅니다',
  'send 1 to 255 visible ASCII characters, once': '공백 없는 ASCII 1~255자를 한 번만 보냅니다',
  'have your API key mended': 'API 키를 확인합니다',
  'have your scopes mended': '키의 권한을 확인합니다',
  '`limit` says which; stop, and have somebody look why so much is refunded':
    '한도는 `limit`에 있습니다. 작업을 멈추고 환불이 많은 이유를 확인합니다',
  'look at the path, the id or the tid': '경로, id 또는 tid를 확인합니다',
  'the first request with the key is still running': '같은 키의 첫 요청이 아직 처리 중입니다',
  'state `payment` as it was paid, and as the earlier refund did':
    '`payment`를 결제된 그대로, 앞선 환불과 똑같이 보냅니다',
  '`remaining` is what remains; look at what was refunded':
    '남은 금액은 `remaining`입니다. 이미 된 환불을 확인합니다',
  '`refund` may be the one that you want; `rule` says how to ask for another':
    '원하던 환불이 `refund`일 수 있습니다. 다른 환불이라면 `rule`에 맞게 보냅니다',
  'other refunds of the payment are being made: repeat it':
    '같은 결제의 다른 환불이 진행 중입니다. 다시 보냅니다',
  'wait until the refund in the answer is settled': '응답에 있는 환불이 확정될 때까지 기다립니다',
  '`detail` says why it cannot be settled so': '확정할 수 없는 이유는 `detail`에 있습니다',
  'send less than 64 KiB': '64 KiB 이하로 보냅니다',
  'send `application/json`': '`application/json`으로 보냅니다',
  'repeat what was first sent with this key, which may have been refunded':
    '이 키로 처음 보낸 내용을 그대로 다시 보냅니다. 이미 환불되었을 수 있습니다',
  '`rule` says why; refund it another way': '이유는 `rule`에 있습니다. 다른 방법으로 환불합니다',
  '`remaining` is what can be refunded': '환불 가능 금액은 `remaining`입니다',
  'leave `tax_free_amount` out: it is for Kiwoompay accounts':
    '`tax_free_amount`를 뺍니다. 키움페이 계정 전용입니다',
  'correct `amount` and `tax_free_amount`': '`amount`와 `tax_free_amount`를 고칩니다',
  'give `refund_account`': '`refund_account`를 보냅니다',
  'give `account` as one of those that `detail` names': '`detail`에 있는 계정 중 하나를 `account`로 보냅니다',
  "`refund.provider` has the provider's code and message":
    'CookiePay의 코드와 메시지는 `refund.provider`에 있습니다',
  'it was cancelled outside of this gateway: look there':
    '이 게이트웨이 밖에서 이미 취소되었습니다. 그쪽 내역을 확인합니다',
  "settled to the merchant already; the merchant's balance may suffice later":
    '이미 가맹점에 정산된 거래입니다. 나중에 잔액이 충분해질 수 있습니다',
  'slow down': '요청 속도를 늦춥니다',
  'it is safe to repeat': '같은 키로 다시 보내도 안전합니다',
  'nothing was cancelled; operators must look': '취소된 것은 없습니다. 운영자가 확인해야 합니다',
  'nothing was cancelled for this request': '이 요청으로 취소된 것은 없습니다',
  'nothing was sent for this request': '이 요청으로 보낸 것은 없습니다',
  'nothing was sent for this request; operators must look':
    '이 요청으로 보낸 것은 없습니다. 운영자가 확인해야 합니다',

  // Scopes
  '`POST /refunds`': '`POST /refunds` 호출',
  'send a `refund_account`, which pays out to any bank account':
    '`refund_account` 지정. 임의의 은행 계좌로 지급됩니다',
  'read what this caller asked for itself, and the sums of any payment':
    '자신이 요청한 환불과 모든 결제의 합계 조회',
  "read everybody's refunds, with `refund_account` and `metadata`; export and reports":
    '모든 호출자의 환불 조회. `refund_account`와 `metadata` 포함. 내보내기와 보고서',
  'settle by hand what is unknown or disputed, also what it may not read; never what it asked for itself':
    '미확정·상충 환불의 수동 확정. 조회 권한이 없는 환불도 가능하지만, 자신이 요청한 환불은 불가',

  // Commands
  'accept a store that has lost something, once it is sure that nobody repeats a refund':
    '데이터를 잃은 저장소의 사용 승인. 같은 환불을 다시 보낼 호출자가 없음을 확인한 뒤에 실행합니다',
  'try the settings, Redis and a token call for each account, and say what is wrong':
    '설정, Redis, 계정별 토큰 발급을 점검하고 문제를 설명합니다',
  "tell what a provider's code and message would lead to, and by which row of which table":
    'CookiePay의 코드와 메시지가 어떤 결과로 판정되는지, 어느 표의 어느 행에 따른 것인지 알려 줍니다',
  "hold the refunds of a day to the provider's lookup, and print what differs":
    '하루의 환불을 CookiePay의 결제 조회와 대조해 다른 것을 출력합니다',
  'make an API key for a caller, and its entry in `API_KEYS`':
    '호출자의 API 키와 `API_KEYS`에 넣을 항목을 만듭니다',

  // The sandbox's faults
  'cancels, answers after --slow-ms': '취소하고, --slow-ms 뒤에 응답',
  'cancels, answers after N ms (delay250-50000; N up to 60000)':
    '취소하고, N ms 뒤에 응답 (delay250-50000, N은 60000까지)',
  'does nothing for --slow-ms, then cancels (whether or not the client is still there) and answers':
    '--slow-ms 동안 아무것도 하지 않다가 (클라이언트가 끊었더라도) 취소하고 응답',
  'cancels, never answers': '취소하고, 응답하지 않음',
  'does not cancel, never answers': '취소하지 않고, 응답도 하지 않음',
  'cancels, resets the connection': '취소하고, 연결을 강제로 끊음 (RST)',
  'cancels, answers HTTP 500 with a JSON error': '취소하고, JSON 오류를 담은 HTTP 500으로 응답',
  'cancels, answers HTTP 200 with an HTML page': '취소하고, HTML 페이지를 담은 HTTP 200으로 응답',
  'cancels, answers HTTP 200 with an empty body': '취소하고, 본문이 빈 HTTP 200으로 응답',
  'cancels, closes the connection in the middle of the answer': '취소하고, 응답 도중에 연결을 닫음',
  'cancels, answers one byte every 100 ms and does not come to an end':
    '취소하고, 100 ms마다 1바이트씩 끝없이 응답',
  'cancels, answers code 8001 "PG 통신 오류가 발생하였습니다 (시간초과)"':
    '취소하고, 코드 8001 "PG 통신 오류가 발생하였습니다 (시간초과)"로 응답',
  'cancels, answers a code and words that leave it open, differing by tid':
    '취소하고, 결과를 알 수 없는 코드와 메시지로 응답 (tid마다 다름)',
  'cancels, answers a code and words that nobody knows, differing by tid':
    '취소하고, 알려지지 않은 코드와 메시지로 응답 (tid마다 다름)',
  'cancels, answers HTTP 200 with RTN_CD 9999 and no cancel_code':
    '취소하고, cancel_code 없이 RTN_CD 9999를 담은 HTTP 200으로 응답',
  'cancels 100 KRW less than asked (never less than 1) and answers that amount':
    '요청보다 100원 적게 (최소 1원) 취소하고, 그 금액으로 응답',
  'cancels in full only; any other amount than what was paid is refused, code 2004':
    '전액만 취소. 결제 금액과 다른 금액은 코드 2004로 거절',
  'does not cancel, answers code 3001': '취소하지 않고, 코드 3001로 응답',
  'does not cancel, answers code 2001 "이미 취소된 거래입니다"':
    '취소하지 않고, 코드 2001 "이미 취소된 거래입니다"로 응답',
  'does not cancel, answers code 9029; cancels once a deposit is paid into the account that it opens when asked':
    '취소하지 않고, 코드 9029로 응답. 입금 계좌를 요청하면 열고, 입금되면 취소',
  'as deposited, but resets the connection in place of an answer about the account':
    'deposited와 같지만, 입금 계좌를 알리는 대신 연결을 끊음',
  'as deposited, but answers about the account after --slow-ms':
    'deposited와 같지만, --slow-ms 뒤에 입금 계좌를 응답',
  'as deposited, but answers about the account with HTTP 500':
    'deposited와 같지만, 입금 계좌 요청에 HTTP 500으로 응답',
  'as deposited, but answers about the account with an HTML page':
    'deposited와 같지만, 입금 계좌 요청에 HTML 페이지로 응답',
  'does not cancel, answers code 9029; opens no account either, and says so':
    '취소하지 않고, 코드 9029로 응답. 입금 계좌도 열지 않고 그렇게 응답',
  'refuses the first token that is tried for the tid (HTTP 200, RTN_CD), cancels with any other one':
    '그 tid에 처음 쓰인 토큰을 거절하고 (HTTP 200, RTN_CD), 다른 토큰이면 취소',
  'refuses every token (HTTP 401, RTN_CD)': '모든 토큰을 거절 (HTTP 401, RTN_CD)',
  'as Toss: cancels, but answers a cancel that comes within 1 s of another of the payment with "반복적인 요청은 허용되지 않습니다."':
    '토스처럼 취소하되, 같은 결제의 앞선 취소로부터 1초 안에 온 취소는 하지 않고 "반복적인 요청은 허용되지 않습니다."로 응답',
  'is a key-in payment: PAYMETHOD CARD_SUGI in lookups': '수기 결제. 조회의 PAYMETHOD는 CARD_SUGI',
  'is a subscription charge: PAYMETHOD CARD_BATCH in lookups, cancelled in full only':
    '정기 결제. 조회의 PAYMETHOD는 CARD_BATCH, 전액만 취소',
  'is an easy payment: PAYMETHOD KAKAOPAY in lookups, cancelled in full only':
    '간편 결제. 조회의 PAYMETHOD는 KAKAOPAY, 전액만 취소',
  'is an easy payment: PAYMETHOD CARD with CARDCODE KAKAO in lookups, cancelled in full only':
    '간편 결제. 조회의 PAYMETHOD는 CARD, CARDCODE는 KAKAO, 전액만 취소',
  'is an easy payment: PAYMETHOD NAVERPAY in lookups, cancelled in full only':
    '간편 결제. 조회의 PAYMETHOD는 NAVERPAY, 전액만 취소',
  'is a bank transfer: PAYMETHOD BANK in lookups, cancelled in full only':
    '계좌 이체. 조회의 PAYMETHOD는 BANK, 전액만 취소',
  'is a virtual account payment: PAYMETHOD VACCT in lookups, cancelled in full only':
    '가상계좌 결제. 조회의 PAYMETHOD는 VACCT, 전액만 취소',
  'cancels; lookups show 100 KRW more than was paid': '취소. 조회에는 결제 금액보다 100원 많게 표시',
  'cancels; lookups show PAYMETHOD MOBILE': '취소. 조회의 PAYMETHOD는 MOBILE로 표시',
  'cancels; lookups show no cancel': '취소. 조회에는 취소가 없음',
  'does not cancel, answers code 3001; lookups show a cancel of all, made when the payment was first heard of':
    '취소하지 않고 코드 3001로 응답. 조회에는 처음 알려진 때에 전액 취소된 것으로 표시',
  'cancels; lookups show the sum of its cancels as CANCEL_SUM_AMOUNT':
    '취소. 조회의 CANCEL_SUM_AMOUNT에 취소 합계를 표시',
  'cancels; lookups show 100 KRW more as CANCEL_SUM_AMOUNT':
    '취소. 조회의 CANCEL_SUM_AMOUNT에 취소 합계보다 100원 많게 표시',
  'cancels; lookups find no such payment': '취소. 조회에는 결제가 없음',
  'cancels; lookups answer HTTP 500': '취소. 조회는 HTTP 500으로 응답',
  'cancels; lookups answer after --slow-ms': '취소. 조회는 --slow-ms 뒤에 응답',

  // What the gateway answers to each fault
  '201 succeeded after that time; 202 unknown where it is beyond the timeout':
    '그 시간 뒤에 201 succeeded. 제한 시간을 넘으면 202 unknown',
  '202 unknown; a full refund becomes succeeded by the lookup':
    '202 unknown. 전액 환불은 조회를 거쳐 succeeded로 확정',
  '202 unknown, until a person resolves it': '202 unknown. 담당자가 확정할 때까지 유지',
  "201 succeeded, with the provider's figure": '201 succeeded. 금액은 CookiePay가 알린 값',
  '201 succeeded; 422 provider_declined for a part, also one that was stated as all that was paid':
    '201 succeeded. 부분 환불은 422 provider_declined. 일부 금액을 결제 금액이라고 보낸 경우도 같음',
  '422 provider_declined': '422 provider_declined',
  '422 already_cancelled': '422 already_cancelled',
  '422 deposit_required': '422 deposit_required',
  '201 succeeded, after a second token': '토큰을 다시 받아 201 succeeded',
  '502 provider_auth_failed': '502 provider_auth_failed',
  '201 succeeded after that time; 202 unknown where it is beyond the timeout; 409 payment_busy for another refund of the payment that has waited for 5 s meanwhile':
    '그 시간 뒤에 201 succeeded. 제한 시간을 넘으면 202 unknown. 그동안 같은 결제의 다른 환불은 5초를 기다린 뒤 409 payment_busy',
  '201 succeeded; 202 unknown for the second of two where COOKIEPAY_PAYMENT_SPACING_MS is too short':
    '201 succeeded. COOKIEPAY_PAYMENT_SPACING_MS가 너무 짧으면 두 번째는 202 unknown',
  '201 succeeded; 409 payment_mismatch with PAYMENT_LOOKUP':
    '201 succeeded. PAYMENT_LOOKUP을 쓰면 409 payment_mismatch',
  '201 succeeded': '201 succeeded',
  '201 succeeded; reconcile finds not_cancelled of a full refund':
    '201 succeeded. reconcile은 전액 환불에서 not_cancelled를 찾음',
  '422 provider_declined; reconcile finds cancelled_though_failed of a full refund':
    '422 provider_declined. reconcile은 전액 환불에서 cancelled_though_failed를 찾음',
  '201 succeeded; reconcile finds another_amount': '201 succeeded. reconcile은 another_amount를 찾음',
  '201 succeeded; 503 provider_unavailable with PAYMENT_LOOKUP=require':
    '201 succeeded. PAYMENT_LOOKUP=require이면 503 provider_unavailable',
  '201 succeeded, with PAYMENT_LOOKUP after that time; 503 provider_unavailable with PAYMENT_LOOKUP=require where it is beyond the timeout':
    '201 succeeded. PAYMENT_LOOKUP을 쓰면 그 시간 뒤에 응답. PAYMENT_LOOKUP=require이고 제한 시간을 넘으면 503 provider_unavailable',
  '201 succeeded; with PAYMENT_LOOKUP 409 payment_mismatch unless stated as card_keyin':
    '201 succeeded. PAYMENT_LOOKUP을 쓰면 card_keyin으로 보내지 않은 경우 409 payment_mismatch',
  '201 succeeded; with PAYMENT_LOOKUP 409 payment_mismatch unless stated as card_billing':
    '201 succeeded. PAYMENT_LOOKUP을 쓰면 card_billing으로 보내지 않은 경우 409 payment_mismatch',
  '201 succeeded; with PAYMENT_LOOKUP 409 payment_mismatch unless stated as easy_pay':
    '201 succeeded. PAYMENT_LOOKUP을 쓰면 easy_pay로 보내지 않은 경우 409 payment_mismatch',
  '201 succeeded; with PAYMENT_LOOKUP 409 payment_mismatch unless stated as bank_transfer':
    '201 succeeded. PAYMENT_LOOKUP을 쓰면 bank_transfer로 보내지 않은 경우 409 payment_mismatch',
  '201 succeeded; with PAYMENT_LOOKUP 409 payment_mismatch unless stated as virtual_account':
    '201 succeeded. PAYMENT_LOOKUP을 쓰면 virtual_account로 보내지 않은 경우 409 payment_mismatch',

  // Defaults of variables
  'a private `redis-server`': '전용 `redis-server`',
  'with a private Redis `store-mark.json` in `DATA_DIR`, else no file':
    '전용 Redis이면 `DATA_DIR`의 `store-mark.json`, 그 밖에는 파일 없음',
  'on a loopback `HOST` `https://sandbox.cookiepayments.com`':
    '`HOST`가 루프백이면 `https://sandbox.cookiepayments.com`',
  '`20000`; `35000` with `easypay`': '`20000`, `easypay`는 `35000`',
  'open, on a loopback `HOST` only': '인증 없음. `HOST`가 루프백일 때만',
  'one for development, on a loopback `HOST` only': '개발용 값. `HOST`가 루프백일 때만',

  // Variables
  'no limits': '한도 없음',
  'no notifications are taken': '알림을 받지 않음',
  'no events': '이벤트 없음',
  'Where changes of refunds are sent to: a JSON array `[{"name", "url", "secret", "events", "callers"}]`, the last two optional. An endpoint with `callers` gets the refunds of those alone, and gets them whole.':
    '환불 상태의 변경을 보낼 곳. JSON 배열 `[{"name", "url", "secret", "events", "callers"}]`이며 뒤의 두 가지는 선택입니다. `callers`가 있으면 그 호출자의 환불만 전부 담아 받습니다.',
  'What callers may refund: a JSON array `[{"caller", "max_amount", "max_amount_per_day", "max_refunds_per_day"}]`, each limit optional. The last two are counted over all replicas, by days of Korea.':
    '호출자별 환불 한도. JSON 배열 `[{"caller", "max_amount", "max_amount_per_day", "max_refunds_per_day"}]`이며 각 한도는 선택입니다. 뒤의 두 가지는 모든 복제본을 합쳐 한국 날짜 기준으로 셉니다.',
  'The address to listen on. Anything but a loopback address requires `API_KEYS`, `STORE_SECRETS` and `COOKIEPAY_BASE_URL`.':
    '수신 주소. 루프백이 아니면 `API_KEYS`, `STORE_SECRETS`, `COOKIEPAY_BASE_URL`이 필수입니다.',
  'The port to listen on; 0 takes a free one.': '수신 포트. 0이면 빈 포트를 씁니다.',
  'A second port, in plain HTTP, for `/healthz`, `/readyz` and `/metrics` alone. It is for probes, which show no certificate.':
    '`/healthz`, `/readyz`, `/metrics`만 제공하는 별도의 평문 HTTP 포트. 인증서를 제시하지 않는 프로브를 위한 것입니다.',
  'The certificate of the listener in PEM, with the chain behind it. Unset, the listener speaks plain HTTP.':
    '서버 인증서와 체인 (PEM). 없으면 평문 HTTP로 수신합니다.',
  'The private key that goes with `TLS_CERT`, in PEM and not encrypted.':
    '`TLS_CERT`의 개인 키 (PEM, 암호화하지 않은 것).',
  'Only clients with a certificate of this authority are let in. It goes with `TLS_CERT`.':
    '이 인증 기관의 인증서를 가진 클라이언트만 접속할 수 있습니다. `TLS_CERT`와 함께 씁니다.',
  'The lowest level that is logged.': '기록할 최소 로그 수준.',
  'The Redis that keeps the refunds. Beside `REDIS_CLUSTER_NODES` or `REDIS_SENTINELS` it only lends its user name, password and TLS, to the sentinels too.':
    '환불을 저장하는 Redis. `REDIS_CLUSTER_NODES`나 `REDIS_SENTINELS`와 함께 쓰면 사용자 이름, 비밀번호, TLS 여부만 쓰이며 센티널에도 적용됩니다.',
  'Some nodes of a Redis Cluster, by which the others are found.':
    'Redis Cluster의 일부 노드. 나머지 노드는 이들을 통해 찾습니다.',
  'The sentinels that know where the primary of `REDIS_SENTINEL_NAME` is.':
    '`REDIS_SENTINEL_NAME`의 프라이머리 위치를 아는 센티널.',
  'What the sentinels call the primary. It goes with `REDIS_SENTINELS`.':
    '센티널에 등록된 프라이머리의 이름. `REDIS_SENTINELS`와 함께 씁니다.',
  'Where a private `redis-server` keeps its data. One gateway at a time may use it, and only without any other Redis.':
    '전용 `redis-server`의 데이터 디렉터리. 한 번에 한 게이트웨이만, 다른 Redis를 설정하지 않았을 때만 쓸 수 있습니다.',
  '`strict`: no refunds are taken while Redis could lose what it acknowledged. `relaxed`: the gateway only warns of it.':
    '`strict`: Redis가 저장했다고 답한 것을 잃을 수 있는 동안에는 환불을 받지 않습니다. `relaxed`: 경고만 합니다.',
  'How many replicas must have a write before it counts as stored. Where Redis can fail over, set it to the number of all replicas of a primary.':
    '쓰기가 저장된 것으로 인정되기 위해 필요한 복제본 수. 페일오버가 있을 수 있으면 프라이머리의 전체 복제본 수로 설정합니다.',
  "The id that the store must have, as `redis-cli GET 'store-id:{0}'` shows it. With it, a gateway that starts on a Redis which lost its data notices.":
    "저장소가 가져야 할 id. `redis-cli GET 'store-id:{0}'`로 확인합니다. 설정하면 데이터를 잃은 Redis로 시작할 때 알아차립니다.",
  'A file outside of Redis that remembers how far the store had come. With it, a gateway that starts on a Redis with older data notices.':
    '저장소의 진행 시점을 Redis 밖에 기억하는 파일. 있으면 과거 데이터로 되돌아간 Redis로 시작할 때 알아차립니다.',
  'Where CookiePay is; required unless `HOST` is a loopback address. The live host is `https://www.cookiepayments.com`.':
    'CookiePay 주소. `HOST`가 루프백이 아니면 필수입니다. 운영 주소는 `https://www.cookiepayments.com`입니다.',
  "CookiePay's id of the only account, which is named `default`.":
    '계정이 하나일 때의 CookiePay 연동 아이디. 계정 이름은 `default`입니다.',
  "CookiePay's API key of the only account.": '계정이 하나일 때의 CookiePay 연동 키.',
  'The payment gateway (PG) behind the only account.': '계정이 하나일 때의 PG사.',
  'Several accounts in place of the only one: a JSON array `[{"name", "id", "key", "pg"}]`, no name and no id twice. Its optional members `timeout_ms`, `spacing_ms` and `full_cancel` win over the variables.':
    '계정이 여럿일 때의 JSON 배열 파일 `[{"name", "id", "key", "pg"}]`. 이름과 id는 겹칠 수 없습니다. 선택 항목 `timeout_ms`, `spacing_ms`, `full_cancel`은 변수보다 우선합니다.',
  'How long a connection to CookiePay may take to be made.': 'CookiePay 연결 제한 시간.',
  'The total time for one call to CookiePay. A cancel without an answer by then leaves its refund `unknown`.':
    'CookiePay 호출 한 번의 전체 제한 시간. 그때까지 취소 응답이 없으면 환불은 `unknown`이 됩니다.',
  'Further `cancel_code`s, each alone or as `pg:code`, that leave the outcome of a cancel unknown.':
    '취소 결과를 미확정으로 볼 `cancel_code`를 추가합니다. 코드만 쓰거나 `pg:code`로 씁니다.',
  'Further `cancel_code`s, each alone or as `pg:code`, that are a decline for certain.':
    '확실한 거절로 볼 `cancel_code`를 추가합니다. 코드만 쓰거나 `pg:code`로 씁니다.',
  '`without_amount`: a first refund of everything is sent without `amount`, for a PG that takes one with it for partial. CookiePay then cancels all that was paid, also where a caller stated less.':
    '`without_amount`: 첫 전액 환불을 `amount` 없이 보냅니다. 금액이 있으면 부분 취소로 처리하는 PG사를 위한 것입니다. 호출자가 결제 금액을 적게 알렸더라도 CookiePay는 결제 전액을 취소합니다.',
  "`verify`: before a payment's first refund its amount and method are looked up at CookiePay, and what contradicts `payment` is refused as `payment_mismatch`. `require`: what cannot be found out is refused, too, as `provider_unavailable`.":
    '`verify`: 결제의 첫 환불 전에 CookiePay에서 결제 금액과 수단을 조회하고, `payment`와 다르면 `payment_mismatch`로 거절합니다. `require`: 확인할 수 없을 때도 `provider_unavailable`로 거절합니다.',
  'Who may call, and do what: `caller:sha256-hex-of-key:scope+scope`, comma-separated, as the command `keygen` prints it. `caller:cert:scope+scope` is a caller that is known by its client certificate.':
    '호출자와 권한. `caller:sha256-hex-of-key:scope+scope` 형식이며 쉼표로 구분합니다. `keygen` 명령이 출력해 줍니다. `caller:cert:scope+scope`는 클라이언트 인증서로 식별하는 호출자입니다.',
  "Secrets for fingerprints and for the provider's token in Redis, newest first; older ones still verify. `openssl rand -base64 32` makes one.":
    '요청 지문과 Redis에 보관하는 CookiePay 토큰을 위한 비밀 값. 최신 값을 앞에 둡니다. 이전 값도 검증에 쓰입니다. `openssl rand -base64 32`로 만듭니다.',
  "Secrets that end the path which CookiePay's notifications are sent to, `/cookiepay/notifications/{secret}`; each of them is taken. `openssl rand -hex 24` makes one.":
    '쿠키페이 알림을 받는 경로 `/cookiepay/notifications/{secret}`의 끝에 오는 비밀값. 적힌 값은 모두 받습니다. `openssl rand -hex 24`로 만듭니다.',
  'How many requests a caller may make within the window, at each replica.':
    '기준 시간 안에 호출자 하나가 보낼 수 있는 요청 수. 복제본마다 따로 셉니다.',
  'The window of `RATE_LIMIT_MAX`.': '`RATE_LIMIT_MAX`의 기준 시간.',
  'How long an `Idempotency-Key` replays its refund.':
    '`Idempotency-Key`로 저장된 환불을 다시 응답하는 기간.',
  "How long a payment's ledger is kept: 30 days or more, and not shorter than `IDEMPOTENCY_RETENTION_HOURS`.":
    '결제 원장의 보관 기간. 30일 이상이며 `IDEMPOTENCY_RETENTION_HOURS`보다 짧을 수 없습니다.',
  'How long refunds are listed by time, and events can be sent again; no longer than `LEDGER_RETENTION_DAYS`, whatever is set.':
    '환불을 시간순으로 조회하고 이벤트를 다시 보낼 수 있는 기간. 설정과 관계없이 `LEDGER_RETENTION_DAYS`보다 길 수 없습니다.',
  '`1100` with `toss`; else `0`': '`toss`는 `1100`, 그 밖에는 `0`',
  'The shortest time between two cancels of one payment; 0: none is kept. A refund that comes sooner waits, up to 5 s.':
    '같은 결제의 두 취소 사이의 최소 간격. 0이면 두지 않습니다. 더 일찍 온 환불은 5초까지 기다립니다.',
  'For how long a partial refund without `reference` is refused that has the amount of a succeeded one. With 0 the rule is off, also beside an unknown one.':
    '성공한 환불과 금액이 같은, `reference` 없는 부분 환불을 거절하는 시간. 0이면 결과가 확인되지 않은 환불이 있어도 거절하지 않습니다.',
  'How long a refund must have been unknown before a person may call it failed.':
    '담당자가 실패로 확정하려면 환불이 미확정 상태로 지나야 하는 시간.',
  'How often unsettled refunds are looked at. A 202 tells its caller to ask again after as long.':
    '미확정 환불을 점검하는 주기. 202 응답의 `Retry-After`도 이 값입니다.',
  "From when on, by the clock of Korea, the refunds of the day before are held to CookiePay's lookups, such as `04:00`. One replica does it.":
    '한국 시각으로 이때부터 전날의 환불을 CookiePay의 결제 조회와 대조합니다. 예: `04:00`. 한 인스턴스가 맡습니다.',
  'Where traces go, by OTLP over HTTP and without `/v1/traces`. Unset, nothing is traced; the other `OTEL_` variables work as OpenTelemetry has them.':
    '트레이스를 보낼 OTLP/HTTP 주소 (`/v1/traces` 제외). 없으면 트레이스를 남기지 않습니다. 다른 `OTEL_` 변수는 OpenTelemetry와 같습니다.',
}
