import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { readConfig } from '../../src/config/read-config.ts'
import { VARIABLES } from '../../src/config/variables.ts'
import { createAuthority } from '../support/certificates.ts'
import { ACCOUNT, mistakesOf, readWith, SECRET_32 } from '../support/environment.ts'

const hash = (key: string) => createHash('sha256').update(key).digest('hex')

t.test('defaults', async (t) => {
  t.strictSame(readWith(), {
    host: '127.0.0.1',
    port: 3000,
    operationsPort: null,
    tls: null,
    logLevel: 'info',
    redis: { kind: 'private', dataDir: './data' },
    redisDurability: 'strict',
    redisMinReplicas: 0,
    redisStoreId: null,
    storeMarkFile: 'data/store-mark.json',
    cookiepay: {
      baseUrl: 'https://sandbox.cookiepayments.com',
      connectTimeoutMs: 3_000,
      ambiguousCodes: [],
      declinedCodes: [],
    },
    paymentLookup: 'off',
    accounts: [
      {
        name: 'default',
        id: 'shop',
        key: 'provider-key',
        pg: 'toss',
        timeoutMs: 20_000,
        fullCancel: 'with_amount',
        spacingMs: 1_100,
      },
    ],
    apiKeys: null,
    callerLimits: [],
    notificationSecrets: [],
    eventEndpoints: [],
    storeSecrets: [Buffer.from('for development only, not secret')],
    rateLimit: { max: 1_000, windowMs: 10_000 },
    idempotencyRetentionMs: 168 * 3_600_000,
    ledgerRetentionMs: 400 * 86_400_000,
    journalRetentionMs: 93 * 86_400_000,
    duplicateWindowMs: 600_000,
    resolveFailedAfterMs: 600_000,
    reconcileIntervalMs: 15_000,
    reconcileDailyAtMinute: null,
    otlpEndpoint: null,
  })
})

t.test('an empty variable is an unset one', async (t) => {
  const empty = Object.fromEntries(
    Object.keys(VARIABLES).flatMap((name) => [
      [name, ''],
      [`${name}_FILE`, ''],
    ]),
  )
  t.strictSame(readConfig({ ...empty, ...ACCOUNT }), readWith())
})

t.test('values that are taken', async (t) => {
  const key = { caller: 'shop', sha256: Buffer.from(hash('k'), 'hex'), scopes: ['create', 'read'] }
  const taken: [name: string, value: string, expected: object][] = [
    ['HOST', 'localhost', { host: 'localhost' }],
    ['HOST', '::1', { host: '::1' }],
    ['HOST', '127.8.9.10', { host: '127.8.9.10' }],
    ['PORT', '0', { port: 0 }],
    ['PORT', '65535', { port: 65_535 }],
    ['LOG_LEVEL', 'silent', { logLevel: 'silent' }],
    ['LOG_LEVEL', 'trace', { logLevel: 'trace' }],
    ['REDIS_URL', 'redis://127.0.0.1:6379', { redis: { kind: 'url', url: 'redis://127.0.0.1:6379' } }],
    [
      'REDIS_URL',
      'rediss://u:p%40%2F@r.test/2',
      { redis: { kind: 'url', url: 'rediss://u:p%40%2F@r.test/2' } },
    ],
    ['REDIS_URL', 'redis://[::1]:1/', { redis: { kind: 'url', url: 'redis://[::1]:1/' } }],
    [
      'REDIS_CLUSTER_NODES',
      'a:1, [::1]:65535',
      {
        redis: {
          kind: 'cluster',
          nodes: [
            { host: 'a', port: 1 },
            { host: '::1', port: 65_535 },
          ],
        },
      },
    ],
    ['DATA_DIR', '/var/lib/gate way', { redis: { kind: 'private', dataDir: '/var/lib/gate way' } }],
    ['REDIS_DURABILITY', 'relaxed', { redisDurability: 'relaxed' }],
    ['COOKIEPAY_BASE_URL', 'http://sandbox:4000/', { cookiepay: { baseUrl: 'http://sandbox:4000' } }],
    ['COOKIEPAY_BASE_URL', 'https://pay.test/v1/x//', { cookiepay: { baseUrl: 'https://pay.test/v1/x' } }],
    ['COOKIEPAY_ID', 'x'.repeat(30), { accounts: [{ id: 'x'.repeat(30) }] }],
    ['COOKIEPAY_KEY', '!~'.repeat(500), { accounts: [{ key: '!~'.repeat(500) }] }],
    ...['toss', 'easypay', 'kiwoom', 'danal', 'mobilpay', 'welcome', 'paynuri', 'eromepay'].map(
      (pg): [string, string, object] => ['COOKIEPAY_PG', pg, { accounts: [{ pg }] }],
    ),
    ['COOKIEPAY_CONNECT_TIMEOUT_MS', '300', { cookiepay: { connectTimeoutMs: 300 } }],
    ['COOKIEPAY_TIMEOUT_MS', '3600000', { accounts: [{ timeoutMs: 3_600_000 }] }],
    [
      'COOKIEPAY_AMBIGUOUS_CODES',
      'E1, kiwoom:처리중',
      {
        cookiepay: {
          ambiguousCodes: [
            { pg: null, code: 'E1' },
            { pg: 'kiwoom', code: '처리중' },
          ],
        },
      },
    ],
    [
      'COOKIEPAY_DECLINED_CODES',
      'toss:3001',
      { cookiepay: { declinedCodes: [{ pg: 'toss', code: '3001' }] } },
    ],
    ['PAYMENT_LOOKUP', 'verify', { paymentLookup: 'verify' }],
    ['PAYMENT_LOOKUP', 'require', { paymentLookup: 'require' }],
    ['COOKIEPAY_FULL_CANCEL', 'without_amount', { accounts: [{ fullCancel: 'without_amount' }] }],
    ['COOKIEPAY_PAYMENT_SPACING_MS', '0', { accounts: [{ spacingMs: 0 }] }],
    ['COOKIEPAY_PAYMENT_SPACING_MS', '2500', { accounts: [{ spacingMs: 2_500 }] }],
    ['DUPLICATE_WINDOW_SECONDS', '0', { duplicateWindowMs: 0 }],
    ['DUPLICATE_WINDOW_SECONDS', '0.3', { duplicateWindowMs: 300 }],
    ['DUPLICATE_WINDOW_SECONDS', '86400', { duplicateWindowMs: 86_400_000 }],
    ['STORE_MARK_FILE', '/var/lib/mark', { storeMarkFile: '/var/lib/mark' }],
    ['RESOLVE_FAILED_AFTER_MS', '300', { resolveFailedAfterMs: 300 }],
    ['API_KEYS', `shop:${hash('k')}:create+read+create`, { apiKeys: [key] }],
    ['API_KEYS', `shop:${hash('k').toUpperCase()}:create+read`, { apiKeys: [key] }],
    [
      'API_KEYS',
      `shop:${hash('k')}:create+read, shop:${hash('next')}:resolve`,
      { apiKeys: [key, { caller: 'shop', sha256: Buffer.from(hash('next'), 'hex'), scopes: ['resolve'] }] },
    ],
    [
      'STORE_SECRETS',
      `${SECRET_32},${Buffer.alloc(33).toString('base64')}`,
      {
        storeSecrets: [Buffer.alloc(32, 7), Buffer.alloc(33)],
      },
    ],
    [
      'NOTIFICATION_SECRETS',
      `${'a'.repeat(32)}, ${'b-_9'.repeat(25)}`,
      { notificationSecrets: ['a'.repeat(32), 'b-_9'.repeat(25)] },
    ],
    ['RATE_LIMIT_MAX', '1', { rateLimit: { max: 1 } }],
    ['REDIS_MIN_REPLICAS', '2', { redisMinReplicas: 2 }],
    [
      'REDIS_STORE_ID',
      '1b4e28ba-2fa1-41d2-883f-0016d3cca427',
      { redisStoreId: '1b4e28ba-2fa1-41d2-883f-0016d3cca427' },
    ],
    ['RATE_LIMIT_WINDOW_MS', '300', { rateLimit: { windowMs: 300 } }],
    ['IDEMPOTENCY_RETENTION_HOURS', '0.0001', { idempotencyRetentionMs: 360 }],
    ['JOURNAL_RETENTION_DAYS', '0.5', { journalRetentionMs: 43_200_000 }],
    ['LEDGER_RETENTION_DAYS', '30', { ledgerRetentionMs: 30 * 86_400_000 }],
    ['LEDGER_RETENTION_DAYS', '3650', { ledgerRetentionMs: 3_650 * 86_400_000 }],
    ['RECONCILE_INTERVAL_MS', '300', { reconcileIntervalMs: 300 }],
    ['RECONCILE_DAILY_AT', '00:00', { reconcileDailyAtMinute: 0 }],
    ['RECONCILE_DAILY_AT', '23:59', { reconcileDailyAtMinute: 1_439 }],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://otel:4318/', { otlpEndpoint: 'http://otel:4318' }],
  ]
  for (const [name, value, expected] of taken)
    t.match(readWith({ [name]: value }), expected, `${name}=${value}`)
})

t.test('values that are turned down', async (t) => {
  const duration = ['299', '3600001', '1.5', '-300', '1e3', ' 300', 'soon']
  const refused: Record<string, readonly string[]> = {
    HOST: ['http://x', 'a b', '-x', '[::1]', 'x:80'],
    PORT: ['65536', '-1', '3000.5', '0x10', '३'],
    OPERATIONS_PORT: ['65536', 'none'],
    LOG_LEVEL: ['INFO', 'verbose'],
    REDIS_URL: [
      'localhost:6379',
      'http://localhost',
      'redis:/x',
      'redis://',
      'redis://host:99999',
      'redis://host:0',
      'redis://host/first',
      'redis://host/0?commandTimeout=0',
      'redis://host#0',
      'redis://:100%@host',
      'redis://ho st',
    ],
    REDIS_CLUSTER_NODES: ['a', 'a:', ':1', 'a:0', 'a:65536', 'a:1,', '::1:1', '[x]y:1', 'redis://a:1'],
    DATA_DIR: ['a\nb'],
    REDIS_DURABILITY: ['Strict', 'none'],
    COOKIEPAY_BASE_URL: [
      'ftp://x',
      'x.test',
      'https://u:p@x',
      'https://u@x',
      'https://x/?a',
      'https://x/#',
      'https://x y',
    ],
    COOKIEPAY_ID: ['x'.repeat(31), 'a b', '가맹점'],
    COOKIEPAY_KEY: ['a b', 'key\n', '열쇠', 'x'.repeat(1_001)],
    COOKIEPAY_PG: ['Toss', 'paypal'],
    COOKIEPAY_ACCOUNTS_FILE: ['/nowhere/accounts.json'],
    COOKIEPAY_CONNECT_TIMEOUT_MS: duration,
    COOKIEPAY_TIMEOUT_MS: duration,
    COOKIEPAY_AMBIGUOUS_CODES: ['E1,', 'E 1', 'x'.repeat(21), '0000', 'paypal:1', 'toss:', ':1'],
    COOKIEPAY_DECLINED_CODES: ['E1,', '0000', 'toss:0000', 'paypal:1'],
    COOKIEPAY_FULL_CANCEL: ['always', 'With_amount'],
    PAYMENT_LOOKUP: ['on', 'Verify'],
    STORE_MARK_FILE: ['a\nb'],
    RESOLVE_FAILED_AFTER_MS: ['0', '299', '604800001', 'soon'],
    API_KEYS: [
      'shop',
      `shop:${hash('k')}`,
      `shop:${hash('k')}:create:x`,
      `:${hash('k')}:create`,
      `${'x'.repeat(65)}:${hash('k')}:create`,
      `sh op:${hash('k')}:create`,
      `shop:${hash('k').slice(1)}:create`,
      `shop:${hash('k')}:`,
      `shop:${hash('k')}:create+`,
      `shop:${hash('k')}:admin`,
      `a:${hash('k')}:create,b:${hash('k')}:read`,
      'shop:cert:admin',
      'shop:CERT:create',
      '.internal:cert:create',
      '*:cert:create',
      'shop:cert:create,shop:cert:read',
      'shop:cert:create', // without TLS_CLIENT_CA
    ],
    NOTIFICATION_SECRETS: ['a'.repeat(31), 'a'.repeat(101), `${'a'.repeat(32)}/`, `${'a'.repeat(32)},short`],
    STORE_SECRETS: [
      'short',
      Buffer.alloc(31).toString('base64'),
      SECRET_32.slice(0, -1),
      `${SECRET_32},`,
      `-${SECRET_32}`,
    ],
    RATE_LIMIT_MAX: ['0', '1.5', 'many'],
    REDIS_MIN_REPLICAS: ['-1', 'two', '11'],
    REDIS_STORE_ID: ['x', 'a b'],
    RATE_LIMIT_WINDOW_MS: duration,
    IDEMPOTENCY_RETENTION_HOURS: ['0.00008', '87601', '-1', '1e3', '.5', '1,5', 'long'],
    JOURNAL_RETENTION_DAYS: ['0', '3651', '-1', 'long'],
    LEDGER_RETENTION_DAYS: ['0', '0.0001', '29.9', '3651', '-1', 'long'],
    RECONCILE_INTERVAL_MS: duration,
    RECONCILE_DAILY_AT: ['24:00', '4:00', '04:60', '0400', ' 04:00', 'noon'],
    COOKIEPAY_PAYMENT_SPACING_MS: ['-1', '1.5', 'soon', '3600001'],
    DUPLICATE_WINDOW_SECONDS: ['-1', '86401', 'soon', '1,5'],
    EVENT_ENDPOINTS: [
      'orders',
      '{}',
      '[1]',
      '[{"name":"orders","url":"https://a.test/","secret":"whsec_short"}]',
    ],
    CALLER_LIMITS: [
      'orders',
      '{}',
      '[1]',
      '[{}]',
      '[{"caller":"a","max_amount":1e16}]',
      '[{"caller":"a","max":1}]',
    ],
    OTEL_EXPORTER_OTLP_ENDPOINT: ['otel:4318', 'grpc://otel:4317', 'http://user@otel:4318', 'http://otel?x'],
  }
  // Tested below, together with what they go with.
  const together = ['REDIS_SENTINELS', 'REDIS_SENTINEL_NAME', 'TLS_CERT', 'TLS_KEY', 'TLS_CLIENT_CA']
  t.strictSame([...Object.keys(refused), ...together].sort(), Object.keys(VARIABLES).sort(), 'none left out')

  for (const [name, values] of Object.entries(refused)) {
    const account = name === 'COOKIEPAY_ACCOUNTS_FILE' ? {} : ACCOUNT
    for (const value of values) {
      const mistakes = mistakesOf({ ...account, [name]: value })
      t.equal(mistakes.length, 1, `${name}=${value}`)
      t.match(mistakes[0], new RegExp(`^${name}: got [^\\n]+; takes [^\\n]+$`), `${name}=${value}`)
    }
  }
})

t.test('a mistake says what was got and what is taken, and all are told at once', async (t) => {
  t.strictSame(
    mistakesOf({
      ...ACCOUNT,
      PORT: '70000',
      LOG_LEVEL: 'x'.repeat(61),
      REDIS_URL: 'http://:hush@host',
      API_KEYS: `hush,shop:${hash('k')}:create,shop:hush:read`,
      COOKIEPAY_PG: 'tos\ns',
    }),
    [
      'PORT: got "70000"; takes an integer from 0 to 65535',
      `LOG_LEVEL: got "${'x'.repeat(60)}..."; takes one of fatal, error, warn, info, debug, trace, silent`,
      `REDIS_URL: got a hidden value; takes ${VARIABLES.REDIS_URL.takes}`,
      'COOKIEPAY_PG: got "tos\\ns"; takes one of toss, easypay, kiwoom, danal, mobilpay, welcome, paynuri, eromepay',
      `API_KEYS: got entry 1 of 3, a hidden value that is not three parts; takes ${VARIABLES.API_KEYS.takes}`,
      `API_KEYS: got entry 3 of 3, a hidden value with a wrong SHA-256; takes ${VARIABLES.API_KEYS.takes}`,
    ],
  )
  t.throws(() => readConfig({ ...ACCOUNT, PORT: 'x' }), { name: 'ConfigError', message: /^PORT: got "x"/ })
})

t.test('limits of callers: each optional, and each mistake named', async (t) => {
  const read = (limits: unknown) => readWith({ CALLER_LIMITS: JSON.stringify(limits) }).callerLimits
  t.strictSame(read([]), [])
  t.strictSame(
    read([
      { caller: 'orders', max_amount: 500_000, max_amount_per_day: 0 },
      { caller: 'desk', max_refunds_per_day: 3 },
      { caller: 'free' },
    ]),
    [
      { caller: 'orders', limits: { max_amount: 500_000, max_amount_per_day: 0 } },
      { caller: 'desk', limits: { max_refunds_per_day: 3 } },
      { caller: 'free', limits: {} },
    ],
  )
  const entries = [
    { caller: 'a b', max_amount: -1 },
    { caller: 'shop', max_amount_per_day: 1.5, max_refunds_per_day: '3', max_per_day: 1 },
    ['shop'],
    { caller: 'fine', max_amount: 1 },
  ]
  t.strictSame(
    mistakesOf({ ...ACCOUNT, CALLER_LIMITS: JSON.stringify(entries) }),
    [
      'entry 1 of 4, which has no valid caller',
      'entry 1 of 4, which has no valid max_amount',
      'entry 2 of 4, which has no valid max_amount_per_day',
      'entry 2 of 4, which has no valid max_refunds_per_day',
      'entry 2 of 4, which has an unknown member "max_per_day"',
      'entry 3 of 4, which is not an object',
    ].map((got) => `CALLER_LIMITS: got ${got}; takes ${VARIABLES.CALLER_LIMITS.takes}`),
  )
  t.match(mistakesOf({ ...ACCOUNT, CALLER_LIMITS: '[{"caller":"a"},{"caller":"b"},{"caller":"a"}]' }), [
    /^CALLER_LIMITS: got the same caller in entries 1 and 3; /,
  ])
})

t.test('TLS: a certificate and its key, and an authority for clients', async (t) => {
  const authority = await createAuthority(t)
  const [own, other] = await Promise.all([authority.issue('gateway'), authority.issue('other')])
  const tls = { TLS_CERT_FILE: own.certFile, TLS_KEY_FILE: own.keyFile }
  const texts = { certificate: own.cert.trimEnd(), key: own.key.trimEnd() }
  t.strictSame(readWith(tls).tls, { ...texts, clientAuthority: null })
  const mutual = { ...tls, TLS_CLIENT_CA_FILE: authority.certFile }
  t.strictSame(readWith(mutual).tls, { ...texts, clientAuthority: authority.cert.trimEnd() })
  t.match(readWith({ ...mutual, API_KEYS: 'orders.svc:cert:create+read' }).apiKeys, [
    { caller: 'orders.svc', sha256: null, scopes: ['create', 'read'] },
  ])

  const mistakes: [env: Record<string, string>, mistakes: RegExp[]][] = [
    [{ TLS_CERT_FILE: own.certFile }, [/^TLS_KEY: got nothing; .* \(goes with TLS_CERT\)$/]],
    [{ TLS_KEY_FILE: own.keyFile }, [/^TLS_CERT: got nothing; /]],
    [{ TLS_CLIENT_CA_FILE: authority.certFile }, [/^TLS_CERT: got nothing/, /^TLS_KEY: got nothing/]],
    [{ ...tls, TLS_KEY_FILE: other.keyFile }, [/^TLS_KEY: got a key of another certificate; /]],
    [{ ...tls, TLS_CERT_FILE: own.keyFile }, [/^TLS_CERT_FILE: got a text without one; /]],
    [{ ...tls, TLS_KEY_FILE: own.certFile }, [/^TLS_KEY_FILE: got a text without one; /]],
    [{ ...tls, TLS_CLIENT_CA: own.cert.replaceAll('A', 'B') }, [/^TLS_CLIENT_CA: got a text without one; /]],
  ]
  for (const [env, expected] of mistakes) {
    const found = mistakesOf({ ...ACCOUNT, ...env })
    t.match(found, expected)
    t.equal(found.length, expected.length)
    t.notMatch(found.join(), /-----BEGIN|ME[a-zA-Z0-9]{10}/)
  }
})

t.test('cluster, sentinels and the URL that lends them its login', async (t) => {
  const url = 'rediss://user:pass@ignored:1'
  const sentinel = { REDIS_SENTINELS: 's1:26379,s2:26379', REDIS_SENTINEL_NAME: 'main' }
  const sentinels = [
    { host: 's1', port: 26_379 },
    { host: 's2', port: 26_379 },
  ]
  t.strictSame(readWith(sentinel).redis, { kind: 'sentinel', sentinels, name: 'main' })
  t.strictSame(readWith({ ...sentinel, REDIS_URL: url }).redis, {
    kind: 'sentinel',
    sentinels,
    name: 'main',
    url,
  })
  t.strictSame(readWith({ REDIS_CLUSTER_NODES: 'a:1', REDIS_URL: url }).redis, {
    kind: 'cluster',
    nodes: [{ host: 'a', port: 1 }],
    url,
  })

  t.match(mistakesOf({ ...ACCOUNT, REDIS_SENTINELS: 's:1' }), [/^REDIS_SENTINEL_NAME: got nothing/])
  t.match(mistakesOf({ ...ACCOUNT, REDIS_SENTINEL_NAME: 'x' }), [/^REDIS_SENTINELS: got nothing/])
  t.match(mistakesOf({ ...ACCOUNT, ...sentinel, REDIS_SENTINELS: 's' }), [
    /^REDIS_SENTINELS: got entry 1 of 1, "s"/,
  ])
  t.match(mistakesOf({ ...ACCOUNT, ...sentinel, REDIS_SENTINEL_NAME: 'a b' }), [
    /^REDIS_SENTINEL_NAME: got "a b"/,
  ])
  t.match(mistakesOf({ ...ACCOUNT, ...sentinel, REDIS_CLUSTER_NODES: 'a:1' }), [
    /^REDIS_CLUSTER_NODES: got nodes/,
  ])
})

t.test('the accounts file', async (t) => {
  const toss = { name: 'toss-1', id: 'shop', key: 'k1', pg: 'toss' }
  const kiwoom = { name: 'kiwoom_2', id: 'shop-2', key: 'k2', pg: 'kiwoom' }
  const withFile = (content: string) => ({ COOKIEPAY_ACCOUNTS_FILE: fileWith(t, content) })

  t.strictSame(readConfig(withFile(JSON.stringify([toss, kiwoom]))).accounts, [
    {
      name: 'toss-1',
      id: 'shop',
      key: 'k1',
      pg: 'toss',
      timeoutMs: 20_000,
      fullCancel: 'with_amount',
      spacingMs: 1_100,
    },
    {
      name: 'kiwoom_2',
      id: 'shop-2',
      key: 'k2',
      pg: 'kiwoom',
      timeoutMs: 20_000,
      fullCancel: 'with_amount',
      spacingMs: 0,
    },
  ])

  const refused: [content: string, got: string][] = [
    ['[{"key": hush', 'a file whose content is not a JSON array of at least one account'],
    ['{}', 'a file whose content is not a JSON array of at least one account'],
    ['[]', 'a file whose content is not a JSON array of at least one account'],
    ['["hush"]', 'a file whose account 1 of 1 is not an object'],
    ['[null]', 'a file whose account 1 of 1 is not an object'],
    [JSON.stringify([toss, { ...kiwoom, name: 'A' }]), 'a file whose account 2 of 2 has no valid name'],
    [JSON.stringify([{ ...toss, id: 1 }]), 'a file whose account 1 of 1 has no valid id'],
    [JSON.stringify([{ ...toss, key: 'hush hush' }]), 'a file whose account 1 of 1 has no valid key'],
    [JSON.stringify([{ ...toss, pg: undefined }]), 'a file whose account 1 of 1 has no valid pg'],
    [
      JSON.stringify([{ ...toss, hush: '' }]),
      'a file whose account 1 of 1 has members other than name, id, key, pg, timeout_ms, spacing_ms and full_cancel',
    ],
    [JSON.stringify([{ ...toss, spacing_ms: -1 }]), 'a file whose account 1 of 1 has no valid spacing_ms'],
    [JSON.stringify([{ ...toss, timeout_ms: '1' }]), 'a file whose account 1 of 1 has no valid timeout_ms'],
    [
      JSON.stringify([{ ...toss, full_cancel: true }]),
      'a file whose account 1 of 1 has no valid full_cancel',
    ],
    [JSON.stringify([toss, { ...kiwoom, name: 'toss-1' }]), 'a file with the same name in accounts 1 and 2'],
    [JSON.stringify([toss, { ...kiwoom, id: 'shop' }]), 'a file with the same id in accounts 1 and 2'],
  ]
  for (const [content, got] of refused) {
    t.strictSame(mistakesOf(withFile(content)), [
      `COOKIEPAY_ACCOUNTS_FILE: got ${got}; takes ${VARIABLES.COOKIEPAY_ACCOUNTS_FILE.takes}`,
    ])
  }
  t.equal(mistakesOf(withFile(JSON.stringify([{ name: 'A' }, toss]))).length, 4, 'every member is told')
  t.match(mistakesOf({ ...ACCOUNT, ...withFile(JSON.stringify([kiwoom])) }), [
    /^COOKIEPAY_ID: got a value beside/,
    /^COOKIEPAY_KEY: got a value beside/,
    /^COOKIEPAY_PG: got a value beside/,
  ])
})

t.test('what an account does not say of itself is said for all, or by its PG', async (t) => {
  const toss = { name: 'toss-1', id: 'shop', key: 'k1', pg: 'toss' }
  const easypay = { name: 'easy', id: 'shop-2', key: 'k2', pg: 'easypay' }
  const timeoutsOf = (accounts: object[], env: Record<string, string> = {}) =>
    readConfig({ ...env, COOKIEPAY_ACCOUNTS_FILE: fileWith(t, JSON.stringify(accounts)) }).accounts.map(
      ({ timeoutMs, fullCancel, spacingMs }) => [timeoutMs, fullCancel, spacingMs],
    )
  t.strictSame(timeoutsOf([toss, easypay]), [
    [20_000, 'with_amount', 1_100],
    [35_000, 'with_amount', 0],
  ])
  t.strictSame(
    timeoutsOf(
      [
        { ...toss, timeout_ms: 400 },
        { ...easypay, spacing_ms: 0, full_cancel: 'with_amount' },
      ],
      {
        COOKIEPAY_PAYMENT_SPACING_MS: '300',
        COOKIEPAY_TIMEOUT_MS: '7000',
        COOKIEPAY_FULL_CANCEL: 'without_amount',
      },
    ),
    [
      [400, 'without_amount', 300],
      [7_000, 'with_amount', 0],
    ],
  )
})

t.test('NAME_FILE', async (t) => {
  t.equal(readWith({ PORT_FILE: fileWith(t, '8080\n') }).port, 8080)
  t.equal(readWith({ PORT_FILE: fileWith(t, '8080\r\n') }).port, 8080)
  t.match(readConfig({ ...ACCOUNT, COOKIEPAY_KEY: '', COOKIEPAY_KEY_FILE: fileWith(t, 'from-file') }), {
    accounts: [{ key: 'from-file' }],
  })
  const guarded = {
    API_KEYS_FILE: fileWith(t, `shop:${hash('k')}:read\n`),
    STORE_SECRETS: SECRET_32,
    COOKIEPAY_BASE_URL: 'https://pay.test',
  }
  t.match(readWith({ HOST: '0.0.0.0', ...guarded }), { apiKeys: [{ caller: 'shop' }] })

  for (const name of Object.keys(VARIABLES).filter((name) => name !== 'COOKIEPAY_ACCOUNTS_FILE')) {
    const missing = mistakesOf({ ...ACCOUNT, [name]: '', [`${name}_FILE`]: '/nowhere/at-all' })
    t.match(
      missing[0],
      new RegExp(`^${name}_FILE: got .*cannot be read \\(ENOENT\\); takes the path of a file`),
    )
    const both = mistakesOf({ ...ACCOUNT, [name]: 'a', [`${name}_FILE`]: '/nowhere/at-all' })
    t.match(both[0], new RegExp(`^${name}_FILE: got a path while ${name} is set as well; takes the place of`))
  }
  t.match(mistakesOf({ ...ACCOUNT, PORT_FILE: fileWith(t, '70000') }), [
    /^PORT_FILE: got "70000"; takes an int/,
  ])
  t.match(mistakesOf({ ...ACCOUNT, PORT_FILE: fileWith(t, '80\n\n') }), [/^PORT_FILE: got "80\\n"/])
  t.match(mistakesOf({ ...ACCOUNT, API_KEYS_FILE: fileWith(t, '\n') }), [
    /^API_KEYS_FILE: got .*an empty file/,
  ])
  t.match(mistakesOf({ ...ACCOUNT, PORT_FILE: t.testdirName }), [/^PORT_FILE: got .*\(EISDIR\)/])
})

t.test('no mistake shows a secret', async (t) => {
  const secretTexts: Record<string, (secret: string) => fc.Arbitrary<string>> = {
    API_KEYS: (secret) =>
      fc.constantFrom(
        secret,
        `${secret}:`,
        `shop:${secret}:read`,
        `${secret}:${hash('k')}:`,
        `a:b:${secret}`,
      ),
    NOTIFICATION_SECRETS: (secret) => fc.constantFrom(secret, `${secret} `, `${'a'.repeat(32)},${secret}`),
    STORE_SECRETS: (secret) => fc.constantFrom(secret, `${secret}==`, `${SECRET_32},${secret}`),
    COOKIEPAY_KEY: (secret) => fc.constantFrom(`${secret} `, ` ${secret}`, `${secret}열쇠`),
    REDIS_URL: (secret) =>
      fc.constantFrom(
        secret,
        `redis://:${secret}`,
        `redis://:${secret}/@host`,
        `redis://user:${secret}@host:port`,
        `redis://${secret}:x@host?db=1`,
        `redis://host?password=${secret}`,
        `http://:${secret}@host`,
        `user:${secret}@host`,
      ),
    REDIS_CLUSTER_NODES: (secret) => fc.constantFrom(`redis://:${secret}@host:1`, `a:1,:${secret}@host`),
    COOKIEPAY_BASE_URL: (secret) =>
      fc.constantFrom(`https://u:${secret}@host`, `https://host/?key=${secret}`),
    API_KEYS_FILE: (secret) => fc.constant(secret),
    STORE_SECRETS_FILE: (secret) => fc.constant(secret),
    COOKIEPAY_KEY_FILE: (secret) => fc.constant(secret),
    REDIS_URL_FILE: (secret) => fc.constant(secret),
    COOKIEPAY_ACCOUNTS_FILE: (secret) =>
      fc.constant(`[{"name": "a", "id": "b", "key": "${secret}", "pg": "c"}]`),
  }
  const secret = randomBytes(8).toString('hex')
  const decorated = fc
    .tuple(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }))
    .map(([before, after]) => before + secret + after)
    .filter((text) => !text.includes('\0')) // no environment variable holds one
  const environments = decorated.chain((text) =>
    fc.record(Object.fromEntries(Object.entries(secretTexts).map(([name, texts]) => [name, texts(text)])), {
      requiredKeys: [],
    }),
  )
  fc.assert(
    fc.property(environments, (env) => {
      for (const line of mistakesOf(env)) {
        if (line.includes(secret) || line.includes('\n')) throw new Error(line)
      }
    }),
    { numRuns: 500 },
  )

  const contents = fc.oneof(
    decorated,
    fc
      .tuple(fc.constantFrom('name', 'id', 'key', 'pg', secret), decorated)
      .map(([member, value]) => JSON.stringify([{ name: 'A', [member]: value }])),
  )
  fc.assert(
    fc.property(contents, (content) => {
      for (const line of mistakesOf({ COOKIEPAY_ACCOUNTS_FILE: fileWith(t, content) })) {
        if (line.includes(secret)) throw new Error(line)
      }
    }),
    { numRuns: 50 },
  )
})

t.test('frozen throughout', async (t) => {
  const config = readWith({ API_KEYS: `shop:${hash('k')}:read`, REDIS_CLUSTER_NODES: 'a:1' })
  const loose = (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    !Buffer.isBuffer(value) &&
    (!Object.isFrozen(value) || Object.values(value).some(loose))
  t.notOk(loose(config))
})

/** The path of a file with this content, until the test's next one. */
function fileWith(t: Test, content: string): string {
  return join(t.testdir({ value: content }), 'value')
}
