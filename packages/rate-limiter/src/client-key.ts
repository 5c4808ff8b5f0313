import { isIPv4, isIPv6 } from 'node:net'
import { show } from '@sluice/core/extend'
import { ClientAddressError } from './errors.ts'

/** Providers give a customer a whole IPv6 subnet, often a /56: by single addresses one client would have 2^72 budgets. */
const subnetBits = 56

/**
 * The key of a client by its address; the middleware's default. Every spelling of one address gives one key.
 *
 * - IPv4, with or without a port, as it is: `203.0.113.9`
 * - IPv4 that is mapped into IPv6, in any spelling (`::ffff:203.0.113.9`, `0:0:0:0:0:ffff:cb00:7109`): as IPv4
 * - other IPv6 by its /56 subnet: `2001:db8:1:ab00::/56`
 *
 * @param address what the framework says: Express `req.ip`, Koa `ctx.ip`
 * @throws ClientAddressError when there is no address, or none that can be read
 * @example
 * rateLimit({ limit: 10, window: '1m', key: (req) => `auth:${clientKey(req.ip)}` })
 */
export function clientKey(address: string | undefined): string {
  if (!address) throw noAddress()
  const host = withoutPort(address)
  if (isIPv4(host)) return host
  if (!isIPv6(host)) throw unreadable(address)
  const groups = groupsOf(host)
  return isMapped(groups) ? dotted(groups.slice(6)) : subnetOf(groups)
}

/** Some proxies forward `address:port`: each connection would be a client of its own. */
function withoutPort(address: string): string {
  const bracketed = /^\[(.+)\](?::\d+)?$/.exec(address)?.[1]
  return bracketed ?? address.replace(/^([\d.]+):\d+$/, '$1')
}

/** The eight groups of an address that `isIPv6` accepted, its zone left out. */
function groupsOf(address: string): readonly number[] {
  const text = address
    .replace(/%.*$/, '')
    .replace(/[\d.]+$/, (tail) => (isIPv4(tail) ? hex(tail) : tail))
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

function subnetOf(groups: readonly number[]): string {
  const kept = groups.slice(0, Math.ceil(subnetBits / 16)).map((group, at) => {
    const hostBits = Math.max(0, (at + 1) * 16 - subnetBits)
    return ((group >> hostBits) << hostBits).toString(16)
  })
  return `${kept.join(':')}::/${subnetBits}`
}

function noAddress(): ClientAddressError {
  return new ClientAddressError(
    'The request has no client address: its connection is gone, or the server listens on a Unix socket. ' +
      'Behind a proxy set "trust proxy" (Express) or app.proxy (Koa); otherwise give rateLimit() a "key" function.',
  )
}

function unreadable(address: string): ClientAddressError {
  return new ClientAddressError(
    `Expected the client address to be IPv4 or IPv6; got ${show(address)}. ` +
      'Trust only proxies of your own, or give rateLimit() a "key" function.',
    400,
  )
}
