import { OptionError, type Cache, type Duration } from '@sluice/core'
import {
  booleanOption,
  checkFunction,
  checkOptions,
  choiceOption,
  durationMs,
  durationOption,
  integerOption,
  processCache,
  wrongOption,
} from '@sluice/core/extend'
import { parseCookieConfig, type CookieConfig, type CookieOptions } from './cookie-options.ts'
import { createSealing, type EncryptionKey, type Sealing } from './sealing.ts'

/** Options of `createSessions`. */
export interface SessionsOptions {
  /** Where sessions are kept. Default: a memory cache of this process alone, gone when it ends. */
  readonly cache?: Cache | undefined
  /**
   * A session that is not used for this long ends. It may end up to a tenth earlier: using a session moves its deadline
   * only when that has drifted by a tenth, so that most requests write nothing. Default `'24h'`.
   */
  readonly idle?: Duration | undefined
  /** A session ends this long after it began, however much it is used. Not below `idle`. Default `'30d'`. */
  readonly absolute?: Duration | undefined
  /** How many sessions a user may have at once. Default: any number. */
  readonly maxPerUser?: number | undefined
  /**
   * What a sign-in beyond `maxPerUser` does: `'oldest'` (default) ends the sessions whose sign-in is longest ago, `'refuse'`
   * fails with `SessionError`.
   */
  readonly onTooMany?: 'oldest' | 'refuse' | undefined
  /**
   * How long the token from before a `rotate()` is of use, for requests that are on their way. A sign-in ends it at once.
   * Default 10 s.
   */
  readonly rotationGrace?: Duration | undefined
  /**
   * Encrypts attributes in the store with AES-256-GCM: the first key encrypts, all decrypt, so a new one goes before the old
   * one. Names of attributes and the user's id stay readable. Default: none.
   */
  readonly encrypt?: readonly EncryptionKey[] | undefined
  /** Of `createSessions`: as `session()` has it, for `load(request)`. At least 32 bytes. */
  readonly secret?: string | readonly string[] | undefined
  /** Of `createSessions`: as `session()` has it, for `load(request)`. */
  readonly cookie?: CookieOptions | undefined
}

/** Options of the middleware `session`. */
export interface SessionOptions<Context = unknown> extends SessionsOptions {
  /**
   * Signs the cookie: at least 32 bytes, from a random source and out of the code. Of a list the first signs and all
   * verify: put a new one before the old one, and drop that after `absolute`.
   */
  readonly secret: string | readonly string[]
  /** How the cookie is named and sent. */
  readonly cookie?: CookieOptions | undefined
  /**
   * What a request with a cookie gets while the store does not answer: `'fail'` (default) 503, `'anonymous'` an empty
   * session, of which nothing is stored, and its cookie stays. What cannot be saved is 503 with both.
   */
  readonly onStoreError?: 'fail' | 'anonymous' | undefined
  /**
   * What a request gets whose session ended, or in which somebody else signed in, before its changes could be saved:
   * `'drop'` (default) the handler's response, `'error'` 401 in place of it. Both are reported.
   */
  readonly onGone?: 'drop' | 'error' | undefined
  /** True to load nothing, and to have no `session`, until `await loadSession()`. Default false. */
  readonly lazy?: boolean | undefined
  /** Called with Express's `req` or Koa's `ctx`: true to treat this request as `lazy` does. Default: none. */
  readonly skip?: ((context: Context) => boolean) | undefined
  /** A session that is used gets a new token this often, whatever happens to it. Default: never. */
  readonly renewEvery?: Duration | undefined
  /** What is stored of the device, for lists: the client's address, the browser's name. Default: both. */
  readonly device?: boolean | DeviceOptions | undefined
}

/** What is stored of a device. */
export interface DeviceOptions {
  /** The client's address. Default true. */
  readonly address?: boolean | undefined
  /** The `User-Agent` header. Default true. */
  readonly userAgent?: boolean | undefined
}

/** Options of `createSessions`, complete. */
export interface SessionsConfig {
  readonly cache: Cache
  readonly idleMs: number
  readonly absoluteMs: number
  readonly slackMs: number
  /** `Infinity` without a limit. */
  readonly maxPerUser: number
  readonly onTooMany: 'oldest' | 'refuse'
  readonly graceMs: number
  readonly sealing: Sealing | undefined
  /** Absent where no cookie is read. */
  readonly cookie: CookieConfig | undefined
}

/** Options of the middleware, complete. */
export interface SessionConfig<Context = unknown> extends SessionsConfig {
  readonly cookie: CookieConfig
  readonly onStoreError: 'fail' | 'anonymous'
  readonly onGone: 'drop' | 'error'
  readonly lazy: boolean
  readonly skip: ((context: Context) => boolean) | undefined
  /** `Infinity` for never. */
  readonly renewEveryMs: number
  readonly device: { readonly address: boolean; readonly userAgent: boolean }
}

const sessionsNames = [
  'cache',
  'idle',
  'absolute',
  'maxPerUser',
  'onTooMany',
  'rotationGrace',
  'encrypt',
] as const
/** A deadline moves when it has drifted by this part of `idle`. */
const slackParts = 10

/** @throws OptionError for an option that is unknown or of the wrong kind */
export function parseSessionsOptions(options: SessionsOptions): SessionsConfig {
  checkOptions('createSessions', options, [...sessionsNames, 'secret', 'cookie'])
  const { secret, cookie } = options
  return {
    ...parseCommon(options),
    cookie:
      secret === undefined && cookie === undefined
        ? undefined
        : parseCookieConfig('createSessions', secret, cookie),
  }
}

/** @throws OptionError for an option that is unknown or of the wrong kind; no secret is ever in the message */
export function parseSessionOptions<Context>(
  options: SessionOptions<Context>,
): SessionConfig<Context> {
  checkOptions('session', options, [
    ...sessionsNames,
    'secret',
    'cookie',
    'onStoreError',
    'onGone',
    'lazy',
    'skip',
    'renewEvery',
    'device',
  ])
  checkFunction(options.skip, 'skip')
  return {
    ...parseCommon(options),
    cookie: parseCookieConfig('session', options.secret, options.cookie),
    onStoreError: choiceOption(
      options.onStoreError,
      'onStoreError',
      ['fail', 'anonymous'] as const,
      'fail',
    ),
    onGone: choiceOption(options.onGone, 'onGone', ['drop', 'error'] as const, 'drop'),
    lazy: booleanOption(options.lazy, 'lazy', false),
    skip: options.skip,
    renewEveryMs:
      options.renewEvery === undefined ? Infinity : durationMs(options.renewEvery, 'renewEvery'),
    device: parseDevice(options.device),
  }
}

function parseDevice(device: SessionOptions['device'] = true): SessionConfig['device'] {
  if (typeof device === 'boolean') return { address: device, userAgent: device }
  checkOptions('session device', device, ['address', 'userAgent'])
  return {
    address: booleanOption(device.address, 'device.address', true),
    userAgent: booleanOption(device.userAgent, 'device.userAgent', true),
  }
}

function parseCommon(options: SessionsOptions): Omit<SessionsConfig, 'cookie'> {
  const { rotationGrace, encrypt, maxPerUser } = options
  return {
    ...parseLifetimes(options),
    maxPerUser: maxPerUser === undefined ? Infinity : integerOption(maxPerUser, 'maxPerUser', 1),
    onTooMany: choiceOption(options.onTooMany, 'onTooMany', ['oldest', 'refuse'], 'oldest'),
    graceMs: rotationGrace === 0 ? 0 : durationOption(rotationGrace, 'rotationGrace', '10s'),
    sealing: encrypt === undefined ? undefined : createSealing(encrypt),
  }
}

type Lifetimes = Pick<SessionsConfig, 'cache' | 'idleMs' | 'absoluteMs' | 'slackMs'>

function parseLifetimes({ cache = processCache(), idle, absolute }: SessionsOptions): Lifetimes {
  if (typeof cache?.stateKey !== 'function') {
    throw wrongOption('cache', 'a cache that createCache() made', cache)
  }
  const idleMs = durationOption(idle, 'idle', '24h')
  const absoluteMs = durationOption(absolute, 'absolute', '30d')
  if (absoluteMs < idleMs) {
    throw new OptionError(
      `Expected "absolute" (${absoluteMs} ms, default '30d') not to be shorter than "idle" (${idleMs} ms). ` +
        'Raise "absolute", or shorten "idle".',
    )
  }
  return { cache, idleMs, absoluteMs, slackMs: Math.floor(idleMs / slackParts) }
}
