import type { ConnectionOptions } from 'node:tls'
import type { Duration } from '../duration.ts'
import { OptionError } from '../errors.ts'
import { checkOptions, durationOption, integerOption, wrongOption } from '../options.ts'
import { parseAddresses, parseHost, parsePort, type RedisAddress } from './address.ts'
import { parseRedisUrl } from './redis-url.ts'
import type { RedisCredentials, RedisTarget } from './target.ts'

/** Options of `redisStore`: one of `url`, `host`, `cluster` or `sentinels` says where Redis is. */
export interface RedisStoreOptions {
  /** `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url?: string | undefined
  /** Default `'127.0.0.1'`. */
  readonly host?: string | undefined
  /** Default 6379. */
  readonly port?: number | undefined
  /** Nodes of a Redis Cluster to start from; the others are found. */
  readonly cluster?: readonly RedisAddress[] | undefined
  /** Sentinels that know the primary called `name`. */
  readonly sentinels?: readonly RedisAddress[] | undefined
  /** The name under which the sentinels watch the primary. */
  readonly name?: string | undefined
  /** ACL user. Default: the server's default user. */
  readonly username?: string | undefined
  /** Of the ACL user, or of the default one. Never part of an error, a trace or a log. Default: none. */
  readonly password?: string | undefined
  /** Database number. Default 0; a Cluster has no other. */
  readonly database?: number | undefined
  /**
   * True for TLS with the system's authorities, or options of `node:tls` such as `{ ca }`: for the servers, and for the
   * sentinels too. Default: what the url says, else false.
   */
  readonly tls?: boolean | ConnectionOptions | undefined
  /**
   * How many connections the commands are spread over. One carries as many parallel commands as you like; more help where
   * big values hold small ones up. Two calls that do not wait for each other may then overtake. Default 1.
   */
  readonly connections?: number | undefined
  /** How long one attempt to connect may take. Default `'2s'`. */
  readonly connectTimeout?: Duration | undefined
  /** How long one command may take before it fails with `StoreUnavailableError`. Default `'500ms'`. */
  readonly commandTimeout?: Duration | undefined
}

/** Options, parsed once. */
export interface RedisConfig {
  readonly target: RedisTarget
  readonly credentials: RedisCredentials
  readonly connectTimeoutMs: number
  readonly commandTimeoutMs: number
  readonly connections: number
  /** A connection on which an answer has been awaited for this long is given up for a new one. */
  readonly silenceMs: number
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
  'connections',
  'connectTimeout',
  'commandTimeout',
]

/** The default of `commandTimeout`, also for a client that the application owns. */
export const defaultCommandTimeoutMs = 500

/** The same of a connection that is opened beside those of such a client. */
export const defaultSilenceMs = 2000

/** @throws OptionError on anything unknown, malformed or contradictory; no password is ever in the message */
export function parseRedisOptions(options: RedisStoreOptions): RedisConfig {
  checkOptions('redisStore', options, known)
  const fromUrl = checkPlace(options) === 'url' ? parseRedisUrl(options.url) : undefined
  checkContradictions(options, fromUrl?.credentials)
  const commandTimeoutMs = durationOption(
    options.commandTimeout,
    'commandTimeout',
    defaultCommandTimeoutMs,
  )
  return {
    target: fromUrl?.target ?? targetOf(options),
    credentials: { ...fromUrl?.credentials, ...credentialsOf(options) },
    connectTimeoutMs: durationOption(options.connectTimeout, 'connectTimeout', '2s'),
    commandTimeoutMs,
    connections: integerOption(options.connections, 'connections', 1),
    silenceMs: Math.max(defaultSilenceMs, 2 * commandTimeoutMs),
  }
}

const places = ['url', 'host', 'cluster', 'sentinels'] as const

/** Which option says where Redis is; `undefined` for the default. */
function checkPlace(options: RedisStoreOptions): (typeof places)[number] | undefined {
  const given = places.filter((name) => options[name] !== undefined)
  if (given.length > 1) {
    throw new OptionError(
      `redisStore() was given ${given.join(' and ')}. Say where Redis is in one way.`,
    )
  }
  const [place] = given
  if ('url' in options && place === undefined) {
    throw new OptionError(
      'redisStore() was given a "url" that is undefined. Set the variable it comes from, or use memoryStore().',
    )
  }
  if (options.port !== undefined && place !== undefined && place !== 'host') {
    throw new OptionError(
      `redisStore() was given "port" beside "${place}", which names its own. Leave "port" out.`,
    )
  }
  if (options.name !== undefined && place !== 'sentinels') {
    throw new OptionError('redisStore() was given "name" without "sentinels", who know the name.')
  }
  return place
}

/** What would silently win over the other is refused. */
function checkContradictions(
  options: RedisStoreOptions,
  fromUrl: RedisCredentials | undefined,
): void {
  const twice = (['username', 'password', 'database'] as const).find(
    (name) =>
      options[name] !== undefined && fromUrl?.[name === 'database' ? 'db' : name] !== undefined,
  )
  if (twice !== undefined) {
    throw new OptionError(`redisStore() was given "${twice}" twice: in the url and beside it.`)
  }
  if (options.tls === false && fromUrl?.tls !== undefined) {
    throw new OptionError(
      'redisStore() was given "tls: false" beside a rediss:// url, which is TLS.',
    )
  }
  if (options.cluster !== undefined && options.database) {
    throw new OptionError('A Redis Cluster has database 0 only. Leave "database" out.')
  }
}

function targetOf(options: RedisStoreOptions): RedisTarget {
  if (options.cluster !== undefined) {
    return { kind: 'cluster', nodes: parseAddresses(options.cluster, 'cluster') }
  }
  if (options.sentinels !== undefined) {
    if (!options.name)
      throw wrongOption('name', 'the name of the primary that the sentinels watch', options.name)
    return {
      kind: 'sentinel',
      sentinels: parseAddresses(options.sentinels, 'sentinels'),
      name: options.name,
    }
  }
  return {
    kind: 'server',
    host: parseHost(options.host ?? '127.0.0.1', 'host'),
    port: parsePort(options.port ?? 6379, 'port'),
  }
}

function credentialsOf(options: RedisStoreOptions): RedisCredentials {
  for (const name of ['username', 'password'] as const) {
    const value: unknown = options[name]
    if (value !== undefined && typeof value !== 'string') {
      throw new OptionError(`Expected "${name}" to be text; got a ${typeof value}.`)
    }
  }
  const tls = parseTls(options.tls)
  return {
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.database === undefined
      ? {}
      : { db: integerOption(options.database, 'database', 0, 0) }),
    ...(tls === undefined ? {} : { tls }),
  }
}

function parseTls(tls: unknown): ConnectionOptions | undefined {
  if (tls === undefined || tls === false) return undefined
  if (tls === true) return {}
  if (typeof tls === 'object' && tls !== null && !Array.isArray(tls)) return { ...tls }
  throw new OptionError(
    `Expected "tls" to be true, false or options of node:tls such as { ca }; got a ${typeof tls}.`,
  )
}
