import { describe, expect, it } from 'vitest'
import type { ClientKeyOptions } from '../src/http/client-key.ts'
import { clientKey, ClientAddressError } from '../src/index.ts'

const table: readonly (readonly [address: string, key: string])[] = [
  ['203.0.113.9', '203.0.113.9'],
  ['203.0.113.9:51234', '203.0.113.9'],
  // IPv4 mapped into IPv6, in every spelling.
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['::FFFF:203.0.113.9', '203.0.113.9'],
  ['::ffff:cb00:7109', '203.0.113.9'],
  ['0:0:0:0:0:ffff:cb00:7109', '203.0.113.9'],
  ['0000:0000:0000:0000:0000:ffff:203.0.113.9', '203.0.113.9'],
  ['[::ffff:203.0.113.9]:51234', '203.0.113.9'],
  // A /56 is one client, however the address is written.
  ['2001:db8:1:ab00::', '2001:db8:1:ab00::/56'],
  ['2001:db8:1:abff:ffff:ffff:ffff:ffff', '2001:db8:1:ab00::/56'],
  ['2001:0DB8:0001:ABCD::1', '2001:db8:1:ab00::/56'],
  ['[2001:db8:1:abcd::1]:443', '2001:db8:1:ab00::/56'],
  ['2001:db8:1:abcd::203.0.113.9', '2001:db8:1:ab00::/56'],
  ['2001:db8:1:ac00::', '2001:db8:1:ac00::/56'],
  ['2001:db8::1', '2001:db8:0:0::/56'],
  ['fe80::1%eth0', 'fe80:0:0:0::/56'],
  ['::1', '0:0:0:0::/56'],
  // Near the mapped range, and not in it.
  ['1::ffff:203.0.113.9', '1:0:0:0::/56'],
  ['::fffe:203.0.113.9', '0:0:0:0::/56'],
]

describe('the key of a client', () => {
  it.each(table)('%s is %s', (address, key) => {
    expect(clientKey(address)).toBe(key)
  })

  it.each([
    [32, '2001:db8::/32'],
    [48, '2001:db8:1::/48'],
    [60, '2001:db8:1:abc0::/60'],
    [64, '2001:db8:1:abcd::/64'],
    [127, '2001:db8:1:abcd:0:0:0:2/127'],
    [128, '2001:db8:1:abcd:0:0:0:3/128'],
  ])('is a subnet of %i bits where that is asked for', (ipv6Subnet, key) => {
    expect(clientKey('2001:db8:1:abcd::3', { ipv6Subnet })).toBe(key)
    expect(clientKey('::ffff:203.0.113.9', { ipv6Subnet })).toBe('203.0.113.9')
  })

  it.each([31, 129, 56.5, NaN, '56'])('is never a subnet of %s bits', (ipv6Subnet) => {
    const given = { ipv6Subnet } as ClientKeyOptions
    expect(() => clientKey('::1', given)).toThrow(/"ipv6Subnet" to be .* from 32 to 128/)
  })

  it.each([[undefined], ['']])('without an address (%s) is an error that explains', (address) => {
    expect(() => clientKey(address)).toThrow(ClientAddressError)
    expect(() => clientKey(address)).toThrow(/trust proxy.*app\.proxy.*"key" function/)
  })

  it.each(['unknown', '999.1.1.1', '1.2.3', '::g', '1.2.3.4, 5.6.7.8', '_hidden'])(
    'of %s, which is no address, is the sender’s error',
    (address) => {
      expect(() => clientKey(address)).toThrow(
        expect.objectContaining({ code: 'SLUICE_CLIENT_ADDRESS', status: 400 }),
      )
    },
  )
})
