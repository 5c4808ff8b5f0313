import { OptionError, type Cache, type Duration } from '@sluice/core'
import {
  checkOptions,
  choiceOption,
  durationOption,
  processCache,
  show,
  wrongOption,
} from '@sluice/core/extend'

/** Options of `createSessions`. */
export interface SessionsOptions {
  /** Where sessions are kept. Default: a memory cache of this process alone, gone when it ends. */
  readonly cache?: Cache
  /**
   * A session that is not used for this long ends. It may end up to a tenth earlier: using a session moves its deadline
   * only when that has drifted by a tenth, so that most requests write nothing. Default `'24h'`.
   */
  readonly idle?: Duration
  /** A session ends this long after it began, however much it is used. Not below `idle`. Default `'30d'`. */
  readonly absolute?: Duration
}

/** Options of the middleware `session`. */
export interface SessionOptions extends SessionsOptions {
  /**
   * Signs the cookie: at least 32 bytes, from a random source and out of the code. Of a list the first signs and all
   * verify: put a new one before the old one, and drop that after `absolute`.
   */
  readonly secret: string | readonly string[]
  /** How the cookie is named and sent. */
  readonly cookie?: CookieOptions
  /**
   * What a request with a cookie gets while the store does not answer: `'fail'` (default) 503, `'anonymous'` an empty
   * session, of which nothing is stored, and its cookie stays. What cannot be saved is 503 with both.
   */
  readonly onStoreError?: 'fail' | 'anonymous'
}

/** How the cookie is named and sent. It is HttpOnly, SameSite=Lax and for every path. */
export interface CookieOptions {
  /** 1 to 64 letters, digits, '-' and '_'. A Secure cookie is called `__Host-` and this. Default `'id'`. */
  readonly name?: string
  /** Whether it is Secure: `'auto'` (default) over TLS, as the framework sees it behind its proxies. */
  readonly secure?: boolean | 'auto'
}

/** Options of `createSessions`, complete. */
export interface SessionsConfig {
  readonly cache: Cache
  readonly idleMs: number
  readonly absoluteMs: number
  readonly slackMs: number
}

/** What the cookie needs, complete. */
export interface CookieConfig {
  readonly name: string
  readonly secure: boolean | 'auto'
  readonly secrets: readonly [string, ...string[]]
}

/** Options of the middleware, complete. */
export interface SessionConfig extends SessionsConfig {
  readonly cookie: CookieConfig
  readonly onStoreError: 'fail' | 'anonymous'
}

const sessionsNames = ['cache', 'idle', 'absolute']
/** A deadline moves when it has drifted by this part of `idle`. */
const slackParts = 10
const shortestSecret = 32

/** @throws OptionError for an option that is unknown or of the wrong kind */
export function parseSessionsOptions(options: SessionsOptions): SessionsConfig {
  checkOptions('createSessions', options, sessionsNames)
  return parseLifetimes(options)
}

/** @throws OptionError for an option that is unknown or of the wrong kind; no secret is ever in the message */
export function parseSessionOptions(options: SessionOptions): SessionConfig {
  checkOptions('session', options, [...sessionsNames, 'secret', 'cookie', 'onStoreError'])
  return {
    ...parseLifetimes(options),
    cookie: { ...parseCookieOptions(options.cookie ?? {}), secrets: parseSecrets(options.secret) },
    onStoreError: choiceOption(
      options.onStoreError,
      'onStoreError',
      ['fail', 'anonymous'] as const,
      'fail',
    ),
  }
}

function parseLifetimes({
  cache = processCache(),
  idle,
  absolute,
}: SessionsOptions): SessionsConfig {
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

function parseCookieOptions(options: CookieOptions): Omit<CookieConfig, 'secrets'> {
  checkOptions('session', options, ['name', 'secure'])
  const { name = 'id', secure = 'auto' } = options
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name) || name.startsWith('__')) {
    throw new OptionError(
      `Expected "cookie.name" to be 1 to 64 letters, digits, '-' or '_', without a leading '__'; got ${show(name)}. ` +
        'The prefix __Host- is added by itself.',
    )
  }
  if (typeof secure !== 'boolean' && secure !== 'auto') {
    throw wrongOption('cookie.secure', "true, false or 'auto'", secure)
  }
  return { name, secure }
}

function parseSecrets(secret: unknown): readonly [string, ...string[]] {
  const [first, ...others] = (Array.isArray(secret) ? secret : [secret]).map(checkSecret)
  if (first === undefined) {
    throw new OptionError('Expected "secret" to hold at least one secret; got an empty list.')
  }
  return [first, ...others]
}

/** Says how long a secret is, never what it is. */
function checkSecret(secret: unknown): string {
  const bytes = typeof secret === 'string' ? Buffer.byteLength(secret) : 0
  if (typeof secret === 'string' && bytes >= shortestSecret) return secret
  const got = typeof secret === 'string' ? `${bytes} bytes` : `a value of type ${typeof secret}`
  throw new OptionError(
    `Expected "secret" to be text of at least ${shortestSecret} bytes, or a list of such; got ${got}. ` +
      `Make one with: node -p "crypto.randomBytes(32).toString('base64url')"`,
  )
}
