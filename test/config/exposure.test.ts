import t from 'tap'
import { exposureWarnings } from '../../src/config/exposure.ts'
import { isLoopback } from '../../src/config/loopback.ts'
import { readWith, SECRET_32 } from '../support/environment.ts'

t.test('a loopback host is one that only this machine can be', async (t) => {
  for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '127.8.9.10', '::1'])
    t.ok(isLoopback(host), host)
  for (const host of ['0.0.0.0', '::', '127.0.0.1.test', '::ffff:10.0.0.1']) t.notOk(isLoopback(host), host)
})

t.test('what a setting exposes is warned of', async (t) => {
  const outside = {
    API_KEYS: `shop:${'0'.repeat(64)}:read`,
    STORE_SECRETS: SECRET_32,
    COOKIEPAY_BASE_URL: 'https://pay.test',
  }
  const sentinels = { REDIS_SENTINELS: 'a:1', REDIS_SENTINEL_NAME: 'primary' }
  const warned: [env: Record<string, string>, warnings: string[]][] = [
    [{}, []],
    [
      { ...outside, HOST: '0.0.0.0' },
      [
        'HOST is 0.0.0.0 without TLS: callers and their keys are in clear text, unless something in front of it ends TLS',
      ],
    ],
    [
      { COOKIEPAY_BASE_URL: 'http://pay.test' },
      ['COOKIEPAY_BASE_URL is http: keys, tokens and account numbers cross the network in clear text'],
    ],
    [{ COOKIEPAY_BASE_URL: 'http://127.0.0.1:4000' }, []],
    [{ COOKIEPAY_BASE_URL: 'http://[::1]:4000' }, []],
    [sentinels, ['REDIS_MIN_REPLICAS is 0: a failover of Redis can lose refunds that were acknowledged']],
    [{ ...sentinels, REDIS_MIN_REPLICAS: '1' }, []],
    [{ REDIS_URL: 'redis://redis.test' }, []],
    [{ CALLER_LIMITS: '[{"caller":"shop"}]' }, []],
    [
      { ...outside, CALLER_LIMITS: '[{"caller":"shop"},{"caller":"shpo"}]' },
      ['CALLER_LIMITS is of a caller "shpo", whom no entry of API_KEYS names: its limits hold for nobody'],
    ],
  ]
  for (const [env, warnings] of warned) {
    const found = exposureWarnings(readWith(env)).map(({ variable, detail }) => `${variable} is ${detail}`)
    t.strictSame(found, warnings, JSON.stringify(env))
  }
})
