import { show, wrongOption } from '@sluice/core/extend'
import { parseAddress } from './address.ts'
import { ClientAddressError } from '../errors.ts'

/** How `clientKey` tells clients apart. */
export interface ClientKeyOptions {
  /**
   * How many leading bits of an IPv6 address name a client: 32 to 128. Providers give a customer a whole subnet, often a
   * /56: by single addresses one client would have 2^72 budgets. Default 56.
   */
  readonly ipv6Subnet?: number | undefined
}

const defaultSubnet = 56

/**
 * The key of a client by its address; the middleware's default. Every spelling of one address gives one key.
 *
 * - IPv4, with or without a port, as it is: `203.0.113.9`
 * - IPv4 that is mapped into IPv6, in any spelling (`::ffff:203.0.113.9`, `0:0:0:0:0:ffff:cb00:7109`): as IPv4
 * - other IPv6 by its subnet, of 56 bits unless told otherwise: `2001:db8:1:ab00::/56`
 *
 * @param address what the framework says: Express `req.ip`, Koa `ctx.ip`
 * @throws ClientAddressError when there is no address, or none that can be read
 * @throws OptionError for a subnet that is none
 * @example
 * rateLimit({ limit: 10, window: '1m', key: (req) => `auth:${clientKey(req.ip)}` })
 */
export function clientKey(address: string | undefined, options: ClientKeyOptions = {}): string {
  const bits = subnetOption(options.ipv6Subnet)
  if (!address) throw noAddress()
  const parsed = parseAddress(address)
  if (parsed === undefined) throw unreadable(address)
  return parsed.family === 'ipv4' ? parsed.text : subnetOf(parsed.groups, bits)
}

/** @throws OptionError for what is no whole number from 32 to 128 */
export function subnetOption(bits: unknown = defaultSubnet): number {
  if (typeof bits === 'number' && Number.isInteger(bits) && bits >= 32 && bits <= 128) return bits
  throw wrongOption('ipv6Subnet', 'a whole number of bits from 32 to 128', bits)
}

function subnetOf(groups: readonly number[], bits: number): string {
  const kept = groups.slice(0, Math.ceil(bits / 16)).map((group, at) => {
    const hostBits = Math.max(0, (at + 1) * 16 - bits)
    return ((group >> hostBits) << hostBits).toString(16)
  })
  return `${kept.join(':')}${kept.length < 8 ? '::' : ''}/${bits}`
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
