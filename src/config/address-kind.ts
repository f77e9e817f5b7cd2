import { BlockList, isIPv4, isIPv6 } from 'node:net'

/**
 * Whom an address leads to: `forbidden` to nobody whom events are meant for, such as a cloud's metadata service or every
 * machine at once.
 */
export type AddressKind = 'public' | 'private' | 'loopback' | 'forbidden'

type Family = 'ipv4' | 'ipv6'
type Range = readonly [network: string, prefix: number, family: Family]

/** RFC 6890 and its registry. What is in none of these is public. */
const RANGES: Readonly<Record<Exclude<AddressKind, 'public'>, readonly Range[]>> = {
  forbidden: [
    ['0.0.0.0', 8, 'ipv4'],
    // Link-local: 169.254.169.254 hands out a machine's credentials in most clouds.
    ['169.254.0.0', 16, 'ipv4'],
    ['192.0.0.0', 24, 'ipv4'],
    ['224.0.0.0', 3, 'ipv4'],
    ['::', 128, 'ipv6'],
    // The metadata service of AWS.
    ['fd00:ec2::', 32, 'ipv6'],
    ['fe80::', 10, 'ipv6'],
    ['fec0::', 10, 'ipv6'],
    ['ff00::', 8, 'ipv6'],
    // Tunnels to IPv4 that lead wherever the last bits say.
    ['2001::', 32, 'ipv6'],
    ['2002::', 16, 'ipv6'],
    ['64:ff9b:1::', 48, 'ipv6'],
  ],
  loopback: [
    ['127.0.0.0', 8, 'ipv4'],
    ['::1', 128, 'ipv6'],
  ],
  private: [
    ['10.0.0.0', 8, 'ipv4'],
    ['100.64.0.0', 10, 'ipv4'],
    ['172.16.0.0', 12, 'ipv4'],
    ['192.168.0.0', 16, 'ipv4'],
    ['198.18.0.0', 15, 'ipv4'],
    ['fc00::', 7, 'ipv6'],
  ],
}

/** In this order: the first one that holds an address counts. */
const LISTS = (['forbidden', 'loopback', 'private'] as const).map((kind) => {
  const list = new BlockList()
  for (const range of RANGES[kind]) list.addSubnet(...range)
  return { kind, list }
})

/** NAT64 (RFC 6052) stands for an IPv4 address, and so does one that is mapped, which a BlockList sees by itself. */
const NAT64 = /^64:ff9b::(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/

/** Whom an IP address leads to. What is none is `forbidden`. */
export function addressKind(address: string): AddressKind {
  const bare = address.replace(/%.*$/, '')
  if (isIPv4(bare)) return kindOf(bare, 'ipv4')
  if (!isIPv6(bare)) return 'forbidden'
  // In the shortest form.
  const canonical = new URL(`http://[${bare}]`).hostname.slice(1, -1)
  const [, high, low] = NAT64.exec(canonical) ?? []
  return low === undefined ? kindOf(canonical, 'ipv6') : kindOf(ipv4Of(high ?? '0', low), 'ipv4')
}

function kindOf(address: string, family: Family): AddressKind {
  return LISTS.find(({ list }) => list.check(address, family))?.kind ?? 'public'
}

function ipv4Of(high: string, low: string): string {
  const bytes = [high, low].flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
  return bytes.join('.')
}
