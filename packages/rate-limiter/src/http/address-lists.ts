import { BlockList, isIP, isIPv6 } from 'node:net'
import { wrongOption } from '@sluice/core/extend'
import { parseAddress, type Address } from './address.ts'

/** Addresses that pass uncounted, and addresses that never pass. */
export interface AddressLists {
  /** What the lists say of a client. `undefined`: it is on neither, or has no address that can be read. */
  of(address: string | undefined): 'allowed' | 'denied' | undefined
}

/**
 * Reads the lists once.
 *
 * @throws OptionError for a list that is none, or an entry that is neither an address nor a CIDR
 */
export function parseAddressLists(allow: unknown, deny: unknown): AddressLists {
  if (allow === undefined && deny === undefined) return { of: () => undefined }
  const allowed = parseList(allow, 'allow')
  const denied = parseList(deny, 'deny')
  return {
    of(given) {
      const address = given === undefined ? undefined : parseAddress(given)
      if (address === undefined) return undefined
      if (denied(address)) return 'denied'
      return allowed(address) ? 'allowed' : undefined
    },
  }
}

/** A list for each family: Node's would find any IPv4 address in `::/0`. */
function parseList(entries: unknown, option: string): (address: Address) => boolean {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  if (entries !== undefined && !Array.isArray(entries)) {
    throw wrongOption(option, "a list such as ['10.0.0.0/8', '::1']", entries)
  }
  for (const [at, entry] of (entries ?? []).entries()) {
    const range = parseRange(entry)
    if (range === undefined) {
      throw wrongOption(`${option}[${at}]`, "an address or a CIDR: '10.0.0.0/8', '::1'", entry)
    }
    const { text, family } = range.address
    lists[family].addSubnet(text, range.bits, family)
  }
  return ({ text, family }) => lists[family].check(text, family)
}

interface Range {
  readonly address: Address
  readonly bits: number
}

/** `undefined` for what is no range of one family. */
function parseRange(entry: unknown): Range | undefined {
  if (typeof entry !== 'string') return undefined
  const [text = '', bits, ...more] = entry.split('/')
  // No port and no zone: a list names machines.
  const address = isIP(text) === 0 || text.includes('%') ? undefined : parseAddress(text)
  if (address === undefined || more.length > 0) return undefined
  const most = address.family === 'ipv4' ? 32 : 128
  if (bits === undefined) return { address, bits: most }
  if (!/^\d{1,3}$/.test(bits)) return undefined
  // The bits of mapped IPv4 are counted from the left of the IPv6 address.
  const own = isIPv6(text) ? Number(bits) - 128 + most : Number(bits)
  return own >= 0 && own <= most ? { address, bits: own } : undefined
}
