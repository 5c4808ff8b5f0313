import { isIPv6 } from 'node:net'
import { OptionError } from '../errors.ts'
import { wrongOption } from '../options.ts'

/** Where a server, a sentinel or a Cluster node listens. */
export interface RedisAddress {
  /** A name or an address; IPv6 with brackets or without. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
}

/** A host name, an IPv4 address or an IPv6 one, brackets or not. A url in its place may hold a password: it is not shown. */
export function parseHost(value: unknown, name: string): string {
  const bare = typeof value === 'string' ? value.replace(/^\[(.*)\]$/, '$1') : ''
  if (isIPv6(bare) || /^[^\s/@?#:[\]]+$/.test(bare)) return bare
  throw new OptionError(
    `Expected "${name}" to be a host name or address such as 'redis.internal'; got ${
      typeof value === 'string' ? 'text that is none (not shown)' : `a ${typeof value}`
    }. A url goes into "url".`,
  )
}

/** @throws OptionError for what no server listens on */
export function parsePort(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536)
    return value
  throw wrongOption(name, 'a port from 1 to 65535', value)
}

/** One address or more. */
export function parseAddresses(given: unknown, name: string): readonly RedisAddress[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw new OptionError(
      `Expected "${name}" to be a list such as [{ host: '10.0.0.1', port: 6379 }]; got ${
        Array.isArray(given) ? 'an empty one' : `a ${typeof given}`
      }.`,
    )
  }
  return given.map((address: unknown, at) => {
    const fields: Partial<RedisAddress> = typeof address === 'object' && address ? address : {}
    return {
      host: parseHost(fields.host, `${name}[${at}].host`),
      port: parsePort(fields.port, `${name}[${at}].port`),
    }
  })
}
