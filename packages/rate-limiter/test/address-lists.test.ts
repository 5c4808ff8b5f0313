import { OptionError } from '@sluice/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAddressLists } from '../src/http/address-lists.ts'

const allows = (allow: readonly string[], address: string | undefined): boolean =>
  parseAddressLists(allow, undefined).of(address) === 'allowed'

describe('lists of addresses', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9', true],
    ['203.0.113.9', '203.0.113.9:51234', true],
    ['203.0.113.9', '::ffff:203.0.113.9', true],
    ['203.0.113.9', '[::ffff:cb00:7109]:443', true],
    ['203.0.113.9', '203.0.113.10', false],
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '::ffff:a00:1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.1.2.3/8', '10.9.9.9', true],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '2001:db8::1', true],
    ['::/0', '203.0.113.9', false],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['2001:DB8::1', '2001:db8::1', true],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.1', '10.0.0.1', true],
    ['::ffff:0:0/96', '203.0.113.9', true],
  ])('%s and %s: %s', (entry, address, expected) => {
    expect(allows([entry], address)).toBe(expected)
    expect(allows(['192.0.2.1', entry], address)).toBe(expected)
  })

  it('agree with the arithmetic of bits, for any subnet', () => {
    fc.assert(
      fc.property(ofFamily(32), ({ network, bits, address }) => {
        const within = network >> BigInt(32 - bits) === address >> BigInt(32 - bits)
        expect(allows([`${dotted(network)}/${bits}`], dotted(address))).toBe(within)
      }),
    )
    fc.assert(
      fc.property(ofFamily(128), ({ network, bits, address }) => {
        // Mapped IPv4 is another family.
        fc.pre(network >> 32n !== 0xffffn && address >> 32n !== 0xffffn)
        const within = network >> BigInt(128 - bits) === address >> BigInt(128 - bits)
        expect(allows([`${colons(network)}/${bits}`], colons(address))).toBe(within)
      }),
    )
  })

  it('deny before they allow', () => {
    const lists = parseAddressLists(['10.0.0.0/8'], ['10.0.0.7'])
    expect(lists.of('10.0.0.6')).toBe('allowed')
    expect(lists.of('10.0.0.7')).toBe('denied')
    expect(lists.of('192.0.2.1')).toBeUndefined()
  })

  it('say nothing of a client without an address, or with none that can be read', () => {
    const lists = parseAddressLists(['0.0.0.0/0', '::/0'], ['0.0.0.0/0', '::/0'])
    for (const address of [undefined, '', 'unknown', '999.1.1.1'])
      expect(lists.of(address)).toBeUndefined()
  })

  it.each([
    'localhost',
    '',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/8.5',
    '10.0.0.1:80',
    '[::1]',
    'fe80::1%eth0',
    '10.0.0',
    '::ffff:10.0.0.0/95',
    42,
    undefined,
  ])('refuse %s, naming it', (entry) => {
    for (const [allow, deny, name] of [
      [['::1', entry], undefined, 'allow'],
      [undefined, ['::1', entry], 'deny'],
    ] as const) {
      expect(() => parseAddressLists(allow, deny)).toThrow(OptionError)
      expect(() => parseAddressLists(allow, deny)).toThrow(`"${name}[1]"`)
    }
  })
})

/** A network and an address that is often in it. */
function ofFamily(size: number) {
  const any = fc.bigInt({ min: 0n, max: 2n ** BigInt(size) - 1n })
  return fc
    .record({ network: any, bits: fc.integer({ min: 0, max: size }), other: any, near: any })
    .chain(({ network, bits, other, near }) => {
      const host = (1n << BigInt(size - bits)) - 1n
      const address = fc.constantFrom(
        other,
        (network & ~host) | (near & host),
        network ^ (host + 1n),
      )
      return address.map((chosen) => ({
        network,
        bits,
        address: BigInt.asUintN(size, chosen),
      }))
    })
}

function dotted(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 0xffn).join('.')
}

function colons(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) => (address >> BigInt(112 - 16 * at)) & 0xffffn)
  return groups.map((group) => group.toString(16)).join(':')
}
