import type { Duration } from '../duration.ts'
import { OptionError } from '../errors.ts'
import { checkOptions, durationOption, integerOption, wrongOption } from '../options.ts'

/** Where a server, a sentinel or a Cluster node listens. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
}

/** Options of `redisStore`: one of `url`, `host`, `cluster` or `sentinels` says where Redis is. */
export interface RedisStoreOptions {
  /** `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url?: string | undefined
  /** Default `'127.0.0.1'`. */
  readonly host?: string
  /** Default 6379. */
  readonly port?: number
  /** Nodes of a Redis Cluster to start from; the others are found. */
  readonly cluster?: readonly RedisAddress[]
  /** Sentinels that know the primary called `name`. */
  readonly sentinels?: readonly RedisAddress[]
  /** The name under which the sentinels watch the primary. */
  readonly name?: string
  /** ACL user. Default: the server's default user. */
  readonly username?: string
  readonly password?: string
  /** Database number. Default 0; a Cluster has no other. */
  readonly database?: number
  /** True for TLS with the system's authorities. Default: what the url says, else false. */
  readonly tls?: boolean
  /** How long one attempt to connect may take. Default `'2s'`. */
  readonly connectTimeout?: Duration
  /** How long one command may take before it fails with `StoreUnavailableError`. Default `'500ms'`. */
  readonly commandTimeout?: Duration
}

/** Where to connect. */
export type RedisTarget =
  | { readonly kind: 'server'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'sentinel'
      readonly sentinels: readonly RedisAddress[]
      readonly name: string
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisAddress[] }

/** Who connects: passed on to the client as it is. */
export interface RedisCredentials {
  readonly username?: string
  readonly password?: string
  readonly db?: number
  readonly tls?: Record<string, never>
}

/** Options, parsed once. */
export interface RedisConfig {
  readonly target: RedisTarget
  readonly credentials: RedisCredentials
  readonly connectTimeoutMs: number
  readonly commandTimeoutMs: number
}

const known = [
  'url',
  'host',
  'port',
  'cluster',
  'sentinels',
  'name',
  'username',
  'password',
  'database',
  'tls',
  'connectTimeout',
  'commandTimeout',
]

/** The default of `commandTimeout`, also for a client that the application owns. */
export const defaultCommandTimeoutMs = 500

/** @throws OptionError on anything unknown, malformed or contradictory; no password is ever in the message */
export function parseRedisOptions(options: RedisStoreOptions): RedisConfig {
  checkOptions('redisStore', options, known)
  const places = (['url', 'host', 'cluster', 'sentinels'] as const).filter(
    (name) => options[name] !== undefined,
  )
  if (places.length > 1) {
    throw new OptionError(
      `redisStore() was given ${places.join(' and ')}. Say where Redis is in one way.`,
    )
  }
  if ('url' in options && options.url === undefined && places.length === 0) {
    throw new OptionError(
      'redisStore() was given a "url" that is undefined. Set the variable it comes from, or use memoryStore().',
    )
  }
  const fromUrl = options.url === undefined ? undefined : parseUrl(options.url)
  return {
    target: fromUrl?.target ?? targetOf(options),
    credentials: { ...fromUrl?.credentials, ...credentialsOf(options) },
    connectTimeoutMs: durationOption(options.connectTimeout, 'connectTimeout', '2s'),
    commandTimeoutMs: durationOption(
      options.commandTimeout,
      'commandTimeout',
      defaultCommandTimeoutMs,
    ),
  }
}

function targetOf(options: RedisStoreOptions): RedisTarget {
  if (options.cluster !== undefined) {
    return { kind: 'cluster', nodes: addresses(options.cluster, 'cluster') }
  }
  if (options.sentinels !== undefined) {
    if (!options.name)
      throw wrongOption('name', 'the name of the primary that the sentinels watch', options.name)
    return {
      kind: 'sentinel',
      sentinels: addresses(options.sentinels, 'sentinels'),
      name: options.name,
    }
  }
  const host = options.host ?? '127.0.0.1'
  if (typeof host !== 'string' || host === '')
    throw wrongOption('host', 'a host name or address', host)
  return { kind: 'server', host, port: portOf(options.port ?? 6379, 'port') }
}

function addresses(given: unknown, name: string): readonly RedisAddress[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw wrongOption(name, "a list such as [{ host: '10.0.0.1', port: 6379 }]", given)
  }
  return given.map(({ host, port }: Partial<RedisAddress>, at) => {
    if (typeof host !== 'string' || host === '') {
      throw wrongOption(`${name}[${at}].host`, 'a host name or address', host)
    }
    return { host, port: portOf(port, `${name}[${at}].port`) }
  })
}

function portOf(value: unknown, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536)
    return value
  throw wrongOption(name, 'a port from 1 to 65535', value)
}

function credentialsOf(options: RedisStoreOptions): RedisCredentials {
  for (const name of ['username', 'password'] as const) {
    const value: unknown = options[name]
    if (value !== undefined && typeof value !== 'string') {
      throw new OptionError(`Expected "${name}" to be text; got a ${typeof value}.`)
    }
  }
  return {
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.database === undefined
      ? {}
      : { db: integerOption(options.database, 'database', 0, 0) }),
    ...(options.tls === true ? { tls: {} } : {}),
  }
}

/** The url itself never gets into a message: it may hold a password, wherever a typing error put it. */
function parseUrl(text: unknown): { target: RedisTarget; credentials: RedisCredentials } {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  const database = url === undefined ? undefined : /^\/?(\d{0,5})$/.exec(url.pathname)?.[1]
  if (
    url === undefined ||
    !/^rediss?:$/.test(url.protocol) ||
    url.hostname === '' ||
    database === undefined
  ) {
    throw new OptionError(
      'Expected "url" to look like redis://host:6379, redis://user:password@host:6379/0 or rediss://host:6380; ' +
        'got text that does not (not shown: it may hold a password).',
    )
  }
  return {
    target: {
      kind: 'server',
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 6379 : Number(url.port),
    },
    credentials: {
      ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
      ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
      ...(database === '' ? {} : { db: Number(database) }),
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    },
  }
}
