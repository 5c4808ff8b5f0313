import { isIPv4, isIPv6 } from 'node:net'

/** A client's address. However it was spelled, one address has one form, but for the text of IPv6. */
export type Address =
  | { readonly family: 'ipv4'; readonly text: string }
  | { readonly family: 'ipv6'; readonly text: string; readonly groups: readonly number[] }

/**
 * What a framework or a proxy's header calls an address; `undefined` when it is none. A port and a zone are left out, and
 * IPv4 that is mapped into IPv6 (`::ffff:203.0.113.9`, in any spelling) is IPv4.
 */
export function parseAddress(given: string): Address | undefined {
  if (isIPv4(given)) return { family: 'ipv4', text: given }
  const host = withoutPort(given)
  if (isIPv4(host)) return { family: 'ipv4', text: host }
  if (!isIPv6(host)) return undefined
  const text = host.replace(/%.*$/, '')
  const groups = groupsOf(text)
  return isMapped(groups)
    ? { family: 'ipv4', text: dotted(groups.slice(6)) }
    : { family: 'ipv6', text, groups }
}

/** Some proxies forward `address:port`: each connection would be a client of its own. */
function withoutPort(address: string): string {
  const bracketed = /^\[(.+)\](?::\d+)?$/.exec(address)?.[1]
  return bracketed ?? address.replace(/^([\d.]+):\d+$/, '$1')
}

/** The eight groups of an address that `isIPv6` accepted. */
function groupsOf(address: string): readonly number[] {
  const text = address.replace(/[\d.]+$/, (tail) => (isIPv4(tail) ? hex(tail) : tail))
  const [head = '', tail] = text.split('::')
  const left = parseGroups(head)
  const right = parseGroups(tail ?? '')
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
}

function parseGroups(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

/** The dotted end of an IPv6 address as two groups. */
function hex(dots: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = dots.split('.').map(Number)
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

/** ::ffff:0:0/96 (RFC 4291, 2.5.5.2). */
function isMapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
}

function dotted(groups: readonly number[]): string {
  return groups.flatMap((group) => [group >> 8, group & 0xff]).join('.')
}
