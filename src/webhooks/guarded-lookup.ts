import { type LookupAddress, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { addressKind } from '../config/address-kind.ts'
import type { Reach } from '../refunds/ports/events.ts'

/** The further a name leads inwards, the higher. */
const INWARDNESS: Readonly<Record<Reach, number>> = { public: 0, private: 1, loopback: 2 }

export type GuardOptions = Readonly<{
  /** What the host leads to for as long as it is the endpoint's, given what it was just found to lead to. */
  remember(found: Reach): Promise<Reach>
  /** Clear text goes to this machine alone. */
  isLoopbackOnly: boolean
  /** How a name is resolved; by default as everything on this machine does. */
  resolve?: (host: string) => Promise<readonly LookupAddress[]>
}>

/** A name does not lead where it may. The connection is not made. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress'
  readonly code = 'forbidden_address'
}

/**
 * A lookup for connections to an endpoint. The address that was looked at is the one that is connected to, so a name that
 * is resolved anew in between gains nothing. A name may not lead further inwards than where it was first found to lead,
 * and never to a machine's metadata service and the like.
 */
export function createGuardedLookup(options: GuardOptions): LookupFunction {
  const { resolve = resolveAll } = options
  return (host, { all }, done) => {
    resolve(host).then(
      async (addresses) => {
        try {
          await assertAllowed(addresses, options)
        } catch (error) {
          return done(error as Error, '')
        }
        const [first] = addresses
        if (all) done(null, [...addresses])
        else done(null, (first as LookupAddress).address, (first as LookupAddress).family)
      },
      (error: Error) => done(error, ''),
    )
  }
}

async function assertAllowed(
  addresses: readonly LookupAddress[],
  { remember, isLoopbackOnly }: GuardOptions,
): Promise<void> {
  const kinds = addresses.map(({ address }) => addressKind(address))
  if (kinds.length === 0) throw new ForbiddenAddress('the name has no address')
  const reaches = kinds.filter((kind) => kind !== 'forbidden')
  if (reaches.length < kinds.length)
    throw new ForbiddenAddress('the name leads to an address for no endpoint')
  if (isLoopbackOnly && !reaches.every((kind) => kind === 'loopback')) {
    throw new ForbiddenAddress('the name leads away from this machine, and http: is for this machine alone')
  }
  const found = reaches.reduce((most, kind) => (INWARDNESS[kind] > INWARDNESS[most] ? kind : most), 'public')
  const known = await remember(found)
  if (INWARDNESS[found] > INWARDNESS[known]) {
    throw new ForbiddenAddress(
      `the name was found to lead to a ${known} address and leads to a ${found} one now`,
    )
  }
}

function resolveAll(host: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)))
  })
}
