import type { Server } from './server.ts'
import { textOf, wholeOf } from './question.ts'

/** What a server says of itself. What it does not say, or may not be asked, is absent. */
export interface ServerReport {
  /** `host:port` */
  readonly address: string
  /** Why nothing is known of it: it was not looked at. */
  readonly error?: string
  /** `redis 7.0.15` */
  readonly version?: string
  /** `master` or `slave`, as INFO calls them. */
  readonly role?: string
  readonly usedBytes?: number
  /** `maxmemory`; 0 where no limit is set. */
  readonly maxBytes?: number
  /** `maxmemory-policy` */
  readonly policy?: string
  /** Keys that made room for others since the server started. */
  readonly evictedKeys?: number
  /** Keys of the database, those of others included. */
  readonly keys?: number
}

/** Asks a server of itself. @throws InspectError when it does not answer */
export async function describeServer(server: Server): Promise<ServerReport> {
  const [infoReply, sizeReply] = await server.send([['info'], ['dbsize']])
  const info = infoOf(infoReply)
  const number = (name: string): number | undefined => wholeOf(info.get(name))
  const version = info.get('valkey_version') ?? info.get('redis_version')
  return present({
    address: server.address,
    version: version && `${info.has('valkey_version') ? 'valkey' : 'redis'} ${version}`,
    role: info.get('role'),
    usedBytes: number('used_memory'),
    maxBytes: number('maxmemory'),
    policy: info.get('maxmemory_policy'),
    evictedKeys: number('evicted_keys'),
    keys: wholeOf(sizeReply),
  })
}

/** What an operator should know of a server's memory. */
export function memoryWarnings(report: ServerReport): readonly string[] {
  return [...evictionWarnings(report), ...fullWarnings(report)]
}

function evictionWarnings({ address, policy, maxBytes }: ServerReport): readonly string[] {
  if (policy === undefined || policy === 'noeviction') return []
  const taken = policy.startsWith('allkeys')
    ? 'evicts any key'
    : 'evicts keys with a ttl, which all of these have'
  const fix = `Set it to noeviction${maxBytes === 0 ? ' before you set a maxmemory' : ''}, or keep those on a server of their own.`
  return [
    `${address}: maxmemory-policy ${policy} ${taken}: sessions, locks and rate limits, not only cached entries. ${fix}`,
  ]
}

const fullFrom = 0.9

function fullWarnings({
  address,
  policy,
  usedBytes = 0,
  maxBytes = 0,
}: ServerReport): readonly string[] {
  if (policy !== 'noeviction' || maxBytes === 0 || usedBytes < fullFrom * maxBytes) return []
  const share = Math.floor((100 * usedBytes) / maxBytes)
  return [
    `${address}: ${share} % of maxmemory is used. Writes fail when it is full: raise it, or give entries shorter ttls.`,
  ]
}

type Maybe<Shape> = { readonly [Name in keyof Shape]?: Shape[Name] | undefined }

function present({ address, ...rest }: Maybe<ServerReport> & { address: string }): ServerReport {
  const known = Object.entries(rest).filter(([, value]) => value !== undefined)
  return { address, ...Object.fromEntries(known) }
}

function infoOf(reply: unknown): ReadonlyMap<string, string> {
  const lines = (textOf(reply) ?? '').split(/\r?\n/)
  const pairs = lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const]
  })
  return new Map(pairs)
}
