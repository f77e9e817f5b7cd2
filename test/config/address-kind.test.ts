import t from 'tap'
import { type AddressKind, addressKind } from '../../src/config/address-kind.ts'

const KINDS: Readonly<Record<AddressKind, readonly string[]>> = {
  public: [
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '100.128.0.1',
    '2600::1',
    '64:ff9b::808:808',
    '::ffff:8.8.8.8',
  ],
  private: [
    ...['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '198.18.0.1'],
    ...['fd12::1', 'fc00::1', '::ffff:10.0.0.1', '::ffff:a00:1', '64:ff9b::a00:1'],
  ],
  loopback: ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'],
  forbidden: [
    ...['169.254.169.254', '169.254.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1', '240.0.0.1'],
    ...[
      '::',
      'fe80::1',
      'fe80::1%eth0',
      'fd00:ec2::254',
      'ff02::1',
      '2002:a00:1::',
      '::ffff:169.254.169.254',
    ],
    ...['64:ff9b::a9fe:a9fe', '64:ff9b::1', 'localhost', '', '010.0.0.1'],
  ],
}

t.test('an address is known by whom it leads to, in whatever form it is written', async (t) => {
  for (const [kind, addresses] of Object.entries(KINDS)) {
    for (const address of addresses) t.equal(addressKind(address), kind, address)
  }
})
