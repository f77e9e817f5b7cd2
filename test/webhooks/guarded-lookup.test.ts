import type { LookupAddress } from 'node:dns'
import t from 'tap'
import type { Reach } from '../../src/refunds/ports/events.ts'
import { createGuardedLookup } from '../../src/webhooks/guarded-lookup.ts'

/** What an endpoint whose name led to `known` first gets of a name that leads to these. */
async function lookUp(
  known: Reach | null,
  addresses: readonly string[],
  { isLoopbackOnly = false, all = true } = {},
): Promise<string> {
  const lookup = createGuardedLookup({
    remember: async (found) => known ?? found,
    isLoopbackOnly,
    resolve: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  })
  return new Promise((resolve) => {
    lookup('orders.example.com', { all }, (error, found) => {
      if (error) resolve(error.message)
      else
        resolve(
          Array.isArray(found) ? (found as LookupAddress[]).map(({ address }) => address).join() : found,
        )
    })
  })
}

t.test('what a name leads to first is where it may lead', async (t) => {
  t.equal(await lookUp(null, ['8.8.8.8', '2600::1']), '8.8.8.8,2600::1')
  t.equal(await lookUp(null, ['10.0.0.1']), '10.0.0.1')
  t.equal(await lookUp(null, ['8.8.8.8'], { all: false }), '8.8.8.8')
})

t.test('a public name that leads to a private address later is no way in', async (t) => {
  for (const address of ['10.0.0.1', '192.168.1.1', 'fd12::1', '127.0.0.1', '::1', '::ffff:10.0.0.1']) {
    t.match(await lookUp('public', [address]), /found to lead to a public address and leads to a/, address)
    t.match(await lookUp('public', ['8.8.8.8', address]), /found to lead/, `${address} among others`)
  }
  t.match(await lookUp('private', ['127.0.0.1']), /found to lead to a private address/)
  t.equal(await lookUp('private', ['8.8.8.8']), '8.8.8.8', 'outwards it may')
  t.equal(await lookUp('loopback', ['127.0.0.1']), '127.0.0.1')
})

t.test('no name leads to a metadata service and the like, also the first time', async (t) => {
  for (const known of [null, 'public', 'private', 'loopback'] as const) {
    for (const address of [
      '169.254.169.254',
      'fd00:ec2::254',
      '0.0.0.0',
      'fe80::1',
      '::ffff:169.254.169.254',
    ]) {
      t.match(await lookUp(known, ['8.8.8.8', address]), /for no endpoint/, address)
    }
  }
})

t.test('clear text goes to this machine alone, whatever its name leads to', async (t) => {
  t.equal(await lookUp(null, ['127.0.0.1', '::1'], { isLoopbackOnly: true }), '127.0.0.1,::1')
  t.match(await lookUp(null, ['10.0.0.1'], { isLoopbackOnly: true }), /away from this machine/)
  t.match(await lookUp(null, [], { isLoopbackOnly: true }), /no address/)
})
