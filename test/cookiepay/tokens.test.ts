import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Account } from '../../src/config/config.ts'
import { REFUSALS_BEFORE_PAUSE } from '../../src/cookiepay/refused-credentials.ts'
import { usableLifetimeMs } from '../../src/cookiepay/token-lifetime.ts'
import { merchantOf } from '../../src/refunds/merchant.ts'
import type { Authorization } from '../../src/refunds/ports/provider.ts'
import { keys } from '../../src/store/keys.ts'
import { connectRedis } from '../../src/store/redis/connection.ts'
import { createTokenStore } from '../../src/store/token-store.ts'
import { until } from '../support/calls.ts'
import { ACCOUNT, NO_TOKEN_STORE, startClient, TERMS } from '../support/cookiepay.ts'
import { MERCHANT } from '../support/merchant.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

const SECRET = Buffer.alloc(32, 1)
const OLD_SECRET = Buffer.alloc(32, 2)
const FOREIGN_SECRET = Buffer.alloc(32, 3)

const CONNECT_TIMEOUT_MS = 300
const TIMEOUT_MS = 500

const seconds = () => Math.floor(Date.now() / 1000)

function jwt(payload: object): string {
  const encoded = [{ typ: 'JWT', alg: 'HS256' }, payload].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  return `${encoded.join('.')}.c2lnbmF0dXJl`
}

/** The token call over real HTTP; each answer is a token of its own. */
async function startProvider(
  t: Test,
  { lifetimeSeconds = 3600, delayMs = 20, token = undefined as undefined | ((call: number) => string) } = {},
) {
  const calls: Record<string, string>[] = []
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request)) as Record<string, string>
    calls.push(body)
    const call = calls.length
    await sleep(delayMs)
    const isKnown = body.pay2_key === `${body.pay2_id}-key`
    const iat = seconds()
    const issued =
      token?.(call) ?? jwt({ user: body.pay2_id, iat, exp: iat + lifetimeSeconds, jti: `${call}` })
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(isKnown ? { RTN_CD: '0000', TOKEN: issued } : { RTN_CD: '9999' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls }
}

type StubProvider = Awaited<ReturnType<typeof startProvider>>

/** One process: its own connection to Redis, its own memory. */
async function startReplica(
  t: Test,
  redis: TestRedis,
  provider: StubProvider,
  { secrets = [SECRET], accounts = [ACCOUNT] as readonly Account[] } = {},
) {
  const connection = connectRedis({ kind: 'socket', path: redis.socketPath })
  connection.on('error', () => {})
  t.teardown(() => connection.disconnect())
  await once(connection, 'ready')
  const client = startClient(t, provider.url, {
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    timeoutMs: TIMEOUT_MS,
    accounts,
    tokenStore: createTokenStore(connection, secrets, (merchant) =>
      holderOf(accounts.find(({ id }) => merchantOf(id) === merchant)),
    ),
  })
  return { ...client, redis: connection }
}

function holderOf(account: { id: string; key: string } | undefined): string {
  return `${account?.id} ${account?.key}`
}

async function tokenOf(authorization: Promise<Authorization>): Promise<string> {
  const found = await authorization
  return found.outcome === 'authorized' ? found.token : found.code
}

async function tokensOf(authorizations: Promise<Authorization>[]): Promise<string[]> {
  return [...new Set(await Promise.all(authorizations.map(tokenOf)))]
}

function times<Result>(count: number, make: () => Result): Result[] {
  return Array.from({ length: count }, make)
}

/** One Redis for the whole file; each test begins with an empty one. */
t.test('with a Redis', async (t) => {
  const redis = await startTestRedis(t)
  const admin = connectRedis({ kind: 'socket', path: redis.socketPath })
  await once(admin, 'ready')
  t.teardown(() => admin.disconnect())
  t.beforeEach(async () => {
    await admin.flushall()
  })

  t.test('memory comes before Redis, and Redis before the provider', async (t) => {
    const provider = await startProvider(t)
    const first = await startReplica(t, redis, provider)
    const token = await tokenOf(first.authorize(MERCHANT))
    t.match(token, /^eyJ/)
    t.same(provider.calls, [{ pay2_id: 'shop', pay2_key: 'shop-key' }])

    t.equal(await tokenOf(first.authorize(MERCHANT)), token)
    await admin.flushall()
    t.equal(await tokenOf(first.authorize(MERCHANT)), token, 'from memory')
    t.equal(provider.calls.length, 1)

    const second = await startReplica(t, redis, provider)
    t.not(await tokenOf(second.authorize(MERCHANT)), token)
    t.equal(provider.calls.length, 2, 'from the provider')
    const third = await startReplica(t, redis, provider)
    t.equal(await tokenOf(third.authorize(MERCHANT)), await tokenOf(second.authorize(MERCHANT)))
    t.equal(provider.calls.length, 2, 'from Redis')
    t.equal(await admin.exists(keys.tokenLock(MERCHANT)), 0)
  })

  t.test('two replicas that both need a token make one call', async (t) => {
    const provider = await startProvider(t, { delayMs: 150 })
    const replicas = await Promise.all([1, 2].map(() => startReplica(t, redis, provider)))
    const tokens = await tokensOf(replicas.flatMap(({ authorize }) => times(50, () => authorize(MERCHANT))))
    t.equal(tokens.length, 1)
    t.match(tokens[0], /^eyJ/)
    t.equal(provider.calls.length, 1)
    t.equal(await admin.exists(keys.tokenLock(MERCHANT)), 0)
  })

  t.test('each account has a token of its own', async (t) => {
    const provider = await startProvider(t)
    const accounts = ['a', 'b'].map((name) => ({
      name,
      id: name,
      key: `${name}-key`,
      pg: 'toss' as const,
      ...TERMS,
    }))
    const replica = await startReplica(t, redis, provider, { accounts })
    const [a, b] = await Promise.all([
      tokenOf(replica.authorize(merchantOf('a'))),
      tokenOf(replica.authorize(merchantOf('b'))),
    ])
    t.not(a, b)
    t.same(provider.calls.map(({ pay2_id }) => pay2_id).sort(), ['a', 'b'])
  })

  t.test('a rejected token is renewed once, however many were rejected with it', async (t) => {
    const provider = await startProvider(t, { delayMs: 100 })
    const [first, second] = await Promise.all([1, 2].map(() => startReplica(t, redis, provider)))
    if (first === undefined || second === undefined) throw new Error('no replica')
    const rejected = await tokenOf(first.authorize(MERCHANT))
    t.equal(await tokenOf(second.authorize(MERCHANT)), rejected)

    const renewals = [first, second].flatMap(({ renew }) => times(20, () => renew(MERCHANT, rejected)))
    const tokens = await tokensOf(renewals)
    t.equal(tokens.length, 1)
    t.not(tokens[0], rejected)
    t.equal(provider.calls.length, 2)

    // One whose rejection comes late gets what there is.
    t.equal(await tokenOf(first.renew(MERCHANT, rejected)), tokens[0])
    t.equal(await tokenOf(second.authorize(MERCHANT)), tokens[0])
    t.equal(provider.calls.length, 2)
  })

  t.test('a rejection during a search is not answered with the rejected token', async (t) => {
    const provider = await startProvider(t)
    const issuer = await startReplica(t, redis, provider)
    const rejected = await tokenOf(issuer.authorize(MERCHANT))
    const replica = await startReplica(t, redis, provider)
    const [found, renewed] = await Promise.all([
      tokenOf(replica.authorize(MERCHANT)),
      tokenOf(replica.renew(MERCHANT, rejected)),
    ])
    t.equal(found, rejected, 'nobody has told this search')
    t.not(renewed, rejected)
    t.equal(await tokenOf(replica.authorize(MERCHANT)), renewed)
    t.equal(provider.calls.length, 2)
  })

  t.test('a provider that goes on with a rejected token is believed', async (t) => {
    const provider = await startProvider(t, { token: () => 'the-only-token' })
    const replica = await startReplica(t, redis, provider)
    t.equal(await tokenOf(replica.authorize(MERCHANT)), 'the-only-token')
    t.equal(await tokenOf(replica.renew(MERCHANT, 'the-only-token')), 'the-only-token')
    t.ok(provider.calls.length <= 3, 'and not asked for ever')
  })

  t.test('a token is renewed before it expires', async (t) => {
    const provider = await startProvider(t, { lifetimeSeconds: 2 })
    const replicas = await Promise.all([1, 2].map(() => startReplica(t, redis, provider)))
    const deadline = Date.now() + 5000
    let longestExpiredMs = Number.NEGATIVE_INFINITY
    while (provider.calls.length < 2 && Date.now() < deadline) {
      for (const { authorize } of replicas) {
        const token = await tokenOf(authorize(MERCHANT))
        const { exp } = JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString())
        longestExpiredMs = Math.max(longestExpiredMs, Date.now() - exp * 1000)
      }
      await sleep(20)
    }
    t.ok(longestExpiredMs < 0, `a token was used that had expired ${longestExpiredMs} ms before`)
    t.equal(provider.calls.length, 2, 'once for both')
  })

  t.test('a token that does not say how long it lasts is used for nine minutes', async (t) => {
    const provider = await startProvider(t, { token: () => 'opaque' })
    const replica = await startReplica(t, redis, provider)
    t.equal(await tokenOf(replica.authorize(MERCHANT)), 'opaque')
    const leftMs = await admin.pttl(keys.token(MERCHANT))
    t.ok(leftMs > 530_000 && leftMs <= 540_000, `${leftMs} ms`)
  })

  const WRONG = { ...ACCOUNT, key: 'wrong' }

  t.test('credentials that are refused are not asked for at each request', async (t) => {
    const provider = await startProvider(t)
    const replica = await startReplica(t, redis, provider, { accounts: [WRONG] })
    for (let request = 1; request <= 3 * REFUSALS_BEFORE_PAUSE; request++) {
      t.same(await tokensOf(times(20, () => replica.authorize(MERCHANT))), ['provider_auth_failed'])
      t.equal(provider.calls.length, Math.min(request, REFUSALS_BEFORE_PAUSE))
      t.same(await admin.keys('*'), [], 'neither token nor lock is left')
    }
    t.match(
      await replica.lookUp({ merchant: MERCHANT, tid: 'tid', amount: 1_000, requestedAt: Date.now() }),
      { outcome: 'inconclusive' },
    )
    t.equal(provider.calls.length, REFUSALS_BEFORE_PAUSE)

    const mended = await startReplica(t, redis, provider)
    t.match(await tokenOf(mended.authorize(MERCHANT)), /^eyJ/, 'another process asks for itself')
  })

  t.test('after a pause, which doubles, one asks for all', async (t) => {
    const provider = await startProvider(t)
    const replica = await startReplica(t, redis, provider, { accounts: [WRONG] })
    const askedAt: number[] = []
    const startedAt = performance.now()
    while (performance.now() - startedAt < 3_600) {
      await tokensOf(times(3, () => replica.authorize(MERCHANT)))
      if (provider.calls.length > askedAt.length) askedAt.push(performance.now())
      await sleep(20)
    }
    t.equal(askedAt.length, REFUSALS_BEFORE_PAUSE + 2)
    const [last = 0, then = 0, again = 0] = askedAt.slice(REFUSALS_BEFORE_PAUSE - 1)
    t.ok(then - last > 950, `${then - last} ms`)
    t.ok(again - then > 1_950, `${again - then} ms`)
  })

  t.test(
    'a changed key is asked for at once, and what its predecessor is told no longer counts',
    async (t) => {
      const provider = await startProvider(t)
      const replica = await startReplica(t, redis, provider, { accounts: [WRONG] })
      for (let i = 0; i < 2 * REFUSALS_BEFORE_PAUSE; i++) await replica.authorize(MERCHANT)
      t.equal(provider.calls.length, REFUSALS_BEFORE_PAUSE)
      replica.setAccounts([{ ...WRONG, key: 'wrong, too' }])
      const late = replica.authorize(MERCHANT)
      await until('the second key is asked for', () => provider.calls.length === REFUSALS_BEFORE_PAUSE + 1)
      replica.setAccounts([ACCOUNT])
      t.match(await tokenOf(replica.authorize(MERCHANT)), /^eyJ/)
      t.equal(await tokenOf(late), 'provider_auth_failed')
      t.match(await tokenOf(replica.authorize(MERCHANT)), /^eyJ/)
      t.equal(provider.calls.length, REFUSALS_BEFORE_PAUSE + 2)
    },
  )

  t.test('one account that is refused keeps no other from its token', async (t) => {
    const provider = await startProvider(t)
    const other = { ...ACCOUNT, name: 'other', id: 'other', key: 'other-key' }
    const replica = await startReplica(t, redis, provider, { accounts: [WRONG, other] })
    for (let i = 0; i < 2 * REFUSALS_BEFORE_PAUSE; i++) await replica.authorize(MERCHANT)
    t.match(await tokenOf(replica.authorize(merchantOf('other'))), /^eyJ/)
  })

  t.test('an answer without a token is no refusal: each request tries', async (t) => {
    const provider = await startProvider(t, { token: (call) => (call > 10 ? jwt({}) : '') })
    const replica = await startReplica(t, redis, provider)
    for (let i = 0; i < 10; i++) {
      t.equal(await tokenOf(replica.authorize(MERCHANT)), 'provider_unavailable')
    }
    t.match(await tokenOf(replica.authorize(MERCHANT)), /^eyJ/)
  })

  t.test('a replica that dies while it fetches delays the others by one call at most', async (t) => {
    const provider = await startProvider(t)
    const replica = await startReplica(t, redis, provider)
    await admin.set(keys.tokenLock(MERCHANT), 'a-dead-replica ', 'PX', 60_000)
    const startedAt = performance.now()
    const tokens = await tokensOf(times(5, () => replica.authorize(MERCHANT)))
    const tookMs = performance.now() - startedAt
    t.match(tokens, [/^eyJ/])
    t.ok(tookMs >= CONNECT_TIMEOUT_MS + TIMEOUT_MS - 10, `${tookMs} ms`)
    t.ok(tookMs < CONNECT_TIMEOUT_MS + TIMEOUT_MS + 2000, `${tookMs} ms`)
    t.equal(provider.calls.length, 1)
    t.equal(await admin.get(keys.tokenLock(MERCHANT)), 'a-dead-replica ', 'its lock is not another’s to free')
    const another = await startReplica(t, redis, provider)
    t.same(await tokensOf([another.authorize(MERCHANT)]), tokens, 'and now there is a token again')
  })

  t.test('a lock lasts as long as one call may', async (t) => {
    const provider = await startProvider(t, { delayMs: 200 })
    const replica = await startReplica(t, redis, provider)
    const authorization = replica.authorize(MERCHANT)
    while (provider.calls.length === 0) await sleep(5)
    const leftMs = await admin.pttl(keys.tokenLock(MERCHANT))
    t.ok(leftMs > 0 && leftMs <= CONNECT_TIMEOUT_MS + TIMEOUT_MS, `${leftMs} ms`)
    await authorization
    t.equal(await admin.exists(keys.tokenLock(MERCHANT)), 0)
  })

  t.test('nothing in Redis tells a token', async (t) => {
    const provider = await startProvider(t)
    const replica = await startReplica(t, redis, provider)
    const token = await tokenOf(replica.authorize(MERCHANT))
    t.same(await admin.keys('*'), [keys.token(MERCHANT)])
    const stored = (await admin.get(keys.token(MERCHANT))) ?? ''
    const decoded = Buffer.from(stored, 'base64').toString('latin1')
    for (const secret of [token, ...token.split('.'), 'shop-key', 'expiresAt', 'token']) {
      t.notOk(stored.includes(secret) || decoded.includes(secret), secret)
    }
    await replica.renew(MERCHANT, token)
    t.not(await admin.get(keys.token(MERCHANT)), stored)
  })

  t.test('the same token is never encrypted to the same text', async (t) => {
    const store = createTokenStore(admin, [SECRET], () => holderOf(ACCOUNT))
    const texts = new Set<string | null>()
    for (let write = 0; write < 20; write++) {
      await store.write(MERCHANT, { token: 'the-token', expiresAt: Date.now() + 60_000 })
      texts.add(await admin.get(keys.token(MERCHANT)))
    }
    t.equal(texts.size, 20)
  })

  t.test('after a rotation the old secret still decrypts, and the new one encrypts', async (t) => {
    const provider = await startProvider(t)
    const before = await startReplica(t, redis, provider, { secrets: [OLD_SECRET] })
    const token = await tokenOf(before.authorize(MERCHANT))
    const during = await startReplica(t, redis, provider, { secrets: [SECRET, OLD_SECRET] })
    t.equal(await tokenOf(during.authorize(MERCHANT)), token)
    t.equal(provider.calls.length, 1)

    const renewed = await tokenOf(during.renew(MERCHANT, token))
    const after = await startReplica(t, redis, provider, { secrets: [SECRET] })
    t.equal(await tokenOf(after.authorize(MERCHANT)), renewed)
    t.equal(provider.calls.length, 2)
  })

  t.test('a token under a foreign secret is fetched anew', async (t) => {
    const provider = await startProvider(t)
    const foreign = await startReplica(t, redis, provider, { secrets: [FOREIGN_SECRET] })
    const theirs = await tokenOf(foreign.authorize(MERCHANT))
    const own = await startReplica(t, redis, provider, { secrets: [SECRET, OLD_SECRET] })
    t.not(await tokenOf(own.authorize(MERCHANT)), theirs)
    t.equal(provider.calls.length, 2)
  })

  t.test('a token of one account is not taken for another’s', async (t) => {
    const provider = await startProvider(t)
    const accounts = ['a', 'b'].map((name) => ({
      name,
      id: name,
      key: `${name}-key`,
      pg: 'toss' as const,
      ...TERMS,
    }))
    const first = await startReplica(t, redis, provider, { accounts })
    const ofA = await tokenOf(first.authorize(merchantOf('a')))
    await admin.copy(keys.token(merchantOf('a')), keys.token(merchantOf('b')))
    const second = await startReplica(t, redis, provider, { accounts })
    t.not(await tokenOf(second.authorize(merchantOf('b'))), ofA)
    t.same(
      provider.calls.map(({ pay2_id }) => pay2_id),
      ['a', 'b'],
    )
  })

  t.test('a token of the merchant that the account was before is not taken', async (t) => {
    const provider = await startProvider(t)
    const before = await startReplica(t, redis, provider)
    const ofFormer = await tokenOf(before.authorize(MERCHANT))
    const after = await startReplica(t, redis, provider, { accounts: [{ ...ACCOUNT, id: 'another-shop' }] })
    t.not(await tokenOf(after.authorize(merchantOf('another-shop'))), ofFormer)
    t.equal(provider.calls.length, 2)
  })

  t.test('what is stored may be anything', async (t) => {
    const provider = await startProvider(t)
    const store = createTokenStore(admin, [SECRET], () => holderOf(ACCOUNT))
    await store.write(MERCHANT, { token: 'the-token', expiresAt: Date.now() + 60_000 })
    const stored = Buffer.from((await admin.get(keys.token(MERCHANT))) ?? '', 'base64')
    t.match(await store.read(MERCHANT), { token: 'the-token' })
    const flipped = (index: number) => {
      const bytes = Buffer.from(stored)
      bytes[index] = (bytes[index] ?? 0) ^ 1
      return bytes.toString('base64')
    }
    const texts = ['', ' ', 'x', 'null', '{"token":"t"}', stored.subarray(0, 20).toString('base64')]
    for (const text of [...texts, ...stored.keys()].map((item) =>
      typeof item === 'string' ? item : flipped(item),
    )) {
      await admin.set(keys.token(MERCHANT), text)
      t.equal(await store.read(MERCHANT), null, text.slice(0, 40))
    }
    await admin.del(keys.token(MERCHANT))
    await admin.lpush(keys.token(MERCHANT), 'a list')
    const replica = await startReplica(t, redis, provider)
    t.match(await tokenOf(replica.authorize(MERCHANT)), /^eyJ/)
  })

  t.test('a token that has expired by the time it is read is not used', async (t) => {
    const provider = await startProvider(t)
    const store = createTokenStore(admin, [SECRET], () => holderOf(ACCOUNT))
    await store.write(MERCHANT, { token: 'expired', expiresAt: Date.now() + 30 })
    await admin.persist(keys.token(MERCHANT))
    await sleep(40)
    const replica = await startReplica(t, redis, provider)
    t.match(await tokenOf(replica.authorize(MERCHANT)), /^eyJ/)
    t.equal(provider.calls.length, 1)
  })

  t.test('a lifetime of nothing is not written, and each request fetches its own', async (t) => {
    const now = seconds()
    const provider = await startProvider(t, { token: () => jwt({ iat: now, exp: now }) })
    const replica = await startReplica(t, redis, provider)
    for (const call of [1, 2]) {
      t.match(await tokenOf(replica.authorize(MERCHANT)), /^eyJ/)
      t.equal(provider.calls.length, call)
    }
    t.same(await admin.keys('*'), [])
  })
})

t.test('without its Redis, each replica fetches its own token', async (t) => {
  const redis = await startTestRedis(t)
  const provider = await startProvider(t)
  const replicas = await Promise.all([1, 2].map(() => startReplica(t, redis, provider)))
  await redis.kill()
  const startedAt = performance.now()
  const tokens = await tokensOf(replicas.flatMap(({ authorize }) => times(20, () => authorize(MERCHANT))))
  t.equal(tokens.length, 2)
  t.ok(performance.now() - startedAt < 1900)
  t.equal(provider.calls.length, 2)
  for (const { authorize } of replicas) t.ok(tokens.includes(await tokenOf(authorize(MERCHANT))))
  t.equal(provider.calls.length, 2, 'and keeps it in memory')
})

t.test('a Redis that goes away during a fetch does not lose the token', async (t) => {
  const redis = await startTestRedis(t)
  const provider = await startProvider(t, { delayMs: 200 })
  const replica = await startReplica(t, redis, provider)
  const authorization = replica.authorize(MERCHANT)
  while (provider.calls.length === 0) await sleep(5)
  await redis.kill()
  t.match(await tokenOf(authorization), /^eyJ/)
  t.equal(provider.calls.length, 1)
})

t.test('a store that throws is done without', async (t) => {
  const provider = await startProvider(t)
  const away = () => Promise.reject(new Error('away'))
  for (const method of ['read', 'write', 'lock', 'unlock'] as const) {
    const client = startClient(t, provider.url, { tokenStore: { ...NO_TOKEN_STORE, [method]: away } })
    t.match(await tokenOf(client.authorize(MERCHANT)), /^eyJ/, method)
  }
})

t.test('a lock that proves to be needless is freed', async (t) => {
  const provider = await startProvider(t)
  const events: string[] = []
  let reads = 0
  const client = startClient(t, provider.url, {
    tokenStore: {
      ...NO_TOKEN_STORE,
      // Another replica writes its token, and frees its lock, between this one's look and its lock.
      read: async () => (++reads === 1 ? null : { token: 'theirs', expiresAt: Date.now() + 60_000 }),
      lock: async (account, owner) => events.push(`lock ${account} ${owner}`) > 0,
      unlock: async (account, owner) => {
        events.push(`unlock ${account} ${owner}`)
      },
    },
  })
  t.equal(await tokenOf(client.authorize(MERCHANT)), 'theirs')
  t.equal(provider.calls.length, 0)
  t.equal(events.length, 2)
  t.equal(events[1], `un${events[0]}`)
})

t.test('a failed call is shared by those who waited for it, and forgotten', async (t) => {
  let isUp = false
  const provider = await startProvider(t, { token: () => (isUp ? 'token' : 'not a token') })
  const client = startClient(t, provider.url)
  t.same(await tokensOf(times(10, () => client.authorize(MERCHANT))), ['provider_unavailable'])
  t.equal(provider.calls.length, 1)
  isUp = true
  t.same(await tokensOf(times(10, () => client.authorize(MERCHANT))), ['token'])
  t.equal(provider.calls.length, 2)
})

t.test('how long a token can be used', async (t) => {
  const NOW = Date.UTC(2026, 0, 1)
  const now = NOW / 1000
  const rows: [what: string, token: string, usableMs: number][] = [
    ['an hour, less one minute', jwt({ iat: now, exp: now + 3600 }), 3_540_000],
    ['a minute, less a tenth', jwt({ iat: now, exp: now + 60 }), 54_000],
    ['twenty seconds, less a tenth', jwt({ iat: now, exp: now + 20 }), 18_000],
    // `iat` is a whole second, and may be almost that long ago.
    ['two seconds, less one', jwt({ iat: now, exp: now + 2 }), 1000],
    ['one second, less one', jwt({ iat: now, exp: now + 1 }), 0],
    ['by a clock that is ahead', jwt({ iat: now + 7200, exp: now + 7200 + 3600 }), 3_540_000],
    ['by a clock that is behind', jwt({ iat: now - 7200, exp: now - 7200 + 3600 }), 3_540_000],
    ['exp alone', jwt({ exp: now + 3600 }), 3_540_000],
    ['exp alone, in the past', jwt({ exp: now - 1 }), 0],
    ['exp before iat', jwt({ iat: now, exp: now - 1 }), 0],
    ['exp at iat', jwt({ iat: now, exp: now }), 0],
    ['no exp', jwt({ iat: now }), 540_000],
    ['exp that is no number', jwt({ iat: now, exp: `${now + 3600}` }), 540_000],
    ['iat that is no number', jwt({ iat: 'now', exp: now + 3600 }), 3_540_000],
    ['exp null', jwt({ exp: null }), 540_000],
    ['no JWT', 'opaque', 540_000],
    ['two dots', 'a.b.c', 540_000],
    ['a payload of null', `a.${Buffer.from('null').toString('base64url')}.c`, 540_000],
    ['a payload that is a list', `a.${Buffer.from('[1]').toString('base64url')}.c`, 540_000],
    ['nothing', '', 540_000],
  ]
  for (const [what, token, usableMs] of rows) t.equal(usableLifetimeMs(token, NOW), usableMs, what)
})
