import t from 'tap'
import { causeOf } from '../../../src/store/redis/causes.ts'

const REPLIES = [
  [
    'WRONGPASS invalid username-password pair or user is disabled.',
    /^WRONGPASS .*disabled: REDIS_URL has a wrong/,
  ],
  [
    'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option',
    /^NOAUTH HELLO must be called with the client already authenticated: it asks for a password/,
  ],
  ["NOPERM User gateway has no permissions to run the 'info' command", /: its user may not do/],
  ['LOADING Redis is loading the dataset in memory', /: it loads its data/],
  ["READONLY You can't write against a read only replica.", /: it is a replica$/],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", /^MASTERDOWN/],
  ['OOM command not allowed when used memory > maxmemory.', /^OOM command not allowed/],
  ['getaddrinfo ENOTFOUND redis.invalid', /ENOTFOUND redis.invalid: its host name is not known/],
  ['connect ECONNREFUSED 127.0.0.1:6379', /: nothing listens there$/],
  ['connect ENOENT data/redis.sock', /: nothing listens there$/],
  ['connect ETIMEDOUT', /: no answer/],
  ['read ECONNRESET', /rediss:/],
  ['self-signed certificate in certificate chain', /NODE_EXTRA_CA_CERTS/],
  ['unable to get local issuer certificate', /NODE_EXTRA_CA_CERTS/],
  [
    "Hostname/IP does not match certificate's altnames: IP: 10.0.0.1 is not in the cert's list:",
    /for another name$/,
  ],
  ['certificate has expired', /cannot be verified/],
] as const

t.test('what Redis, TLS and the network say, and what to do about it', async (t) => {
  for (const [message, words] of REPLIES) t.match(causeOf(new Error(message)), words)
})

t.test('of a name with several addresses, and of a Cluster, it is told what failed', async (t) => {
  const each = [new Error('connect ECONNREFUSED ::1:1'), new Error('connect ECONNREFUSED 127.0.0.1:1')]
  t.equal(
    causeOf(new AggregateError(each)),
    'connect ECONNREFUSED ::1:1, connect ECONNREFUSED 127.0.0.1:1: nothing listens there',
  )
  const cluster = Object.assign(new Error('Failed to refresh slots cache.'), {
    lastNodeError: new Error('NOAUTH x'),
  })
  t.match(causeOf(cluster), /^NOAUTH/)
})

t.test('a login that a reply repeats is not told, and a long text is cut', async (t) => {
  const reply = "ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'hush' "
  t.equal(causeOf(new Error(reply)), "ERR unknown command 'HELLO'")
  const long = causeOf(new Error(`ERR ${'x\n'.repeat(1_000)}`))
  t.ok(long.length < 200)
  t.notMatch(long, /\n/)
})
