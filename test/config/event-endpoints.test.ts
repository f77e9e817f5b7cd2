import t from 'tap'
import { parseEventEndpoints } from '../../src/config/event-endpoints.ts'
import { eventSecret } from '../support/event-receiver.ts'

const SECRET = eventSecret()
const ENDPOINT = { name: 'orders', url: 'https://orders.example.com/hooks', secret: SECRET }

function parse(value: unknown) {
  const got: string[] = []
  const refuse = (text: string) => {
    got.push(text)
    return undefined
  }
  const endpoints = parseEventEndpoints(typeof value === 'string' ? value : JSON.stringify(value), refuse)
  return { endpoints, got }
}

t.test('endpoints are read, with everything where they name nothing', async (t) => {
  t.same(parse([]).endpoints, [])
  t.same(parse([ENDPOINT]).endpoints, [{ ...ENDPOINT, events: null, callers: null }])
  const named = { ...ENDPOINT, events: ['refund.failed'], callers: ['shop'] }
  t.same(parse([named]).endpoints, [named])
})

t.test('https: goes anywhere but to what is no endpoint, http: to this machine alone', async (t) => {
  const fine = [
    ...['https://orders.internal/a?b=c', 'https://10.0.0.1/', 'https://[fd12::1]:8443/'],
    ...['https://8.8.8.8/', 'http://127.0.0.1:8080/', 'http://localhost/', 'http://[::1]:80/hooks'],
  ]
  for (const url of fine) t.ok(parse([{ ...ENDPOINT, url }]).endpoints, url)
  const wrong = [
    ...['http://orders.example.com/', 'http://10.0.0.1/', 'ftp://a.test/', 'orders', '', 'https://'],
    ...['https://me:pass@a.test/', 'https://me@a.test/', 'https://a.test/#part', 'https://a.test:0/'],
    ...[
      'https://169.254.169.254/',
      'https://[fd00:ec2::254]/',
      'https://0/',
      'https://[::]/',
      'https://2852039166/',
    ],
    ...[`https://a.test/${'a'.repeat(1_000)}`, 'https://a.test/ b', 7],
  ]
  for (const url of wrong) {
    t.same(
      parse([{ ...ENDPOINT, url }]).got,
      ['a hidden value whose endpoint 1 of 1 has no valid url'],
      `${url}`,
    )
  }
})

t.test('a wrong endpoint is turned down member by member, and nothing of it is shown', async (t) => {
  const wrong: [change: object, got: string][] = [
    [{ name: 'Orders' }, 'has no valid name'],
    [{ name: 'waiting room' }, 'has no valid name'],
    [{ secret: SECRET.slice('whsec_'.length) }, 'has no valid secret'],
    [{ secret: 'whsec_c2hvcnQ=' }, 'has no valid secret'],
    [{ secret: `whsec_${Buffer.alloc(65).toString('base64')}` }, 'has no valid secret'],
    [{ secret: SECRET.slice(0, -1) }, 'has no valid secret'],
    [{ events: [] }, 'has no valid events'],
    [{ events: ['refund.made'] }, 'has no valid events'],
    [{ events: 'refund.failed' }, 'has no valid events'],
    [{ callers: [] }, 'has no valid callers'],
    [{ callers: ['a b'] }, 'has no valid callers'],
    [{ method: 'PUT' }, 'has members other than name, url, secret, events and callers'],
  ]
  for (const [change, got] of wrong) {
    t.same(parse([{ ...ENDPOINT, ...change }]).got, [`a hidden value whose endpoint 1 of 1 ${got}`], got)
  }
  t.same(parse([ENDPOINT, ENDPOINT]).got, ['a hidden value with the same name in endpoints 1 and 2'])
  t.same(parse(['x', { ...ENDPOINT, name: '', url: '' }]).got.length, 3)
  for (const text of ['', '{}', 'x', JSON.stringify(Array.from({ length: 21 }, () => ENDPOINT))]) {
    t.same(parse(text).got, ['a hidden value that is not a JSON array of at most 20'])
  }
})
