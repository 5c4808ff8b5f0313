import type { RootCache } from '../cache.ts'
import { createCache } from '../create-cache.ts'
import { durationMs } from '../duration.ts'
import { withoutLink } from '../error-page.ts'
import { OptionError } from '../errors.ts'
import { checkPrefix } from '../key.ts'
import { choiceOption, nearest } from '../options.ts'
import { parseHost, parsePort } from './address.ts'
import type { RedisStoreOptions } from './options.ts'
import { redisStore } from './redis-store.ts'
import { parseRedisUrl } from './redis-url.ts'

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

const redisNames = [
  'REDIS_URL',
  'REDIS_HOST',
  'REDIS_PORT',
  'REDIS_PASSWORD',
  'REDIS_DATABASE',
  'REDIS_MAX_CONNECTIONS',
]
const cacheNames = ['CACHE_PROVIDER', 'CACHE_DEFAULT_TTL', 'CACHE_KEY_PREFIX']

/**
 * Makes a cache as the environment says:
 *
 * - `CACHE_PROVIDER`: `memory` or `redis`. Default: `redis` where `REDIS_URL` or `REDIS_HOST` is set, else `memory`.
 * - `REDIS_URL`, or `REDIS_HOST` with `REDIS_PORT` (default 6379); `REDIS_PASSWORD`, `REDIS_DATABASE`;
 *   `REDIS_MAX_CONNECTIONS`: over how many connections commands are spread (default 1).
 * - `CACHE_DEFAULT_TTL`: seconds as a bare number, or text such as `1h`. Default: no expiry.
 * - `CACHE_KEY_PREFIX`: default `sluice`.
 *
 * A variable that is empty, malformed, unknown (`CACHE_…`) or looks like a typing error (`REDIS_…`) is refused, as is one
 * that contradicts another: a typing error never means memory, or another database. Other `REDIS_…` are left alone.
 *
 * @param env default `process.env`
 * @example
 * // REDIS_URL=rediss://cache.internal:6380 CACHE_DEFAULT_TTL=1h CACHE_KEY_PREFIX=shop
 * const cache = cacheFromEnv()
 * @throws OptionError naming the variable; no value of a `REDIS_…` variable is in the message
 */
export function cacheFromEnv(env: Environment = process.env): RootCache {
  checkNames(env)
  const ttl = read(env, 'CACHE_DEFAULT_TTL', parseTtl)
  const prefix = read(env, 'CACHE_KEY_PREFIX', checkPrefix)
  return createCache({
    ...(isRedis(env) ? { store: redisStore(redisOptions(env)) } : {}),
    ...(ttl === undefined ? {} : { ttl }),
    ...(prefix === undefined ? {} : { prefix }),
  })
}

function checkNames(env: Environment): void {
  for (const name of Object.keys(env)) {
    const known = name.startsWith('REDIS_') ? redisNames : cacheNames
    const isOurs = name.startsWith('CACHE_')
    if (env[name] === undefined || known.includes(name)) continue
    const near = isOurs || known === redisNames ? nearest(name, known) : undefined
    if (!isOurs && near === undefined) continue
    const fix = near === undefined ? `Known are ${known.join(', ')}.` : `Did you mean ${near}?`
    throw new OptionError(`cacheFromEnv() knows no variable ${name}. ${fix}`)
  }
}

function isRedis(env: Environment): boolean {
  const isPlaced = env['REDIS_URL'] !== undefined || env['REDIS_HOST'] !== undefined
  const provider = read(env, 'CACHE_PROVIDER', (text) =>
    choiceOption(text, 'CACHE_PROVIDER', ['memory', 'redis'], 'memory'),
  )
  if (provider === 'memory') return false
  const half = provider === 'redis' ? 'CACHE_PROVIDER=redis' : redisNames.find((name) => env[name])
  if (!isPlaced && half !== undefined) {
    throw new OptionError(
      `${half} is set, but nothing says where Redis is. Set REDIS_URL or REDIS_HOST; for memory, CACHE_PROVIDER=memory.`,
    )
  }
  return isPlaced
}

function redisOptions(env: Environment): RedisStoreOptions {
  const url = read(env, 'REDIS_URL', parseRedisUrl)
  const target = url?.target.kind === 'server' ? url.target : undefined
  const credentials = url?.credentials
  const { username, tls } = credentials ?? {}
  const host = agreed('REDIS_HOST', read(env, 'REDIS_HOST', parseHostName), target?.host)
  const port = agreed('REDIS_PORT', read(env, 'REDIS_PORT', parsePortText), target?.port)
  const password = agreed(
    'REDIS_PASSWORD',
    read(env, 'REDIS_PASSWORD', String),
    credentials?.password,
  )
  const database = agreed(
    'REDIS_DATABASE',
    read(env, 'REDIS_DATABASE', countOf(0)),
    credentials?.db,
  )
  const connections = read(env, 'REDIS_MAX_CONNECTIONS', countOf(1))
  return {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    ...(tls === undefined ? {} : { tls }),
    ...(connections === undefined ? {} : { connections }),
  }
}

/** What a variable says, or the url; the same from both is no contradiction. */
function agreed<Value>(
  name: string,
  own: Value | undefined,
  fromUrl: Value | undefined,
): Value | undefined {
  if (own !== undefined && fromUrl !== undefined && own !== fromUrl) {
    throw new OptionError(`${name} and REDIS_URL contradict each other. Leave one of them out.`)
  }
  return own ?? fromUrl
}

/** A variable, parsed; what is wrong with it is told under its name. */
function read<Value>(
  env: Environment,
  name: string,
  parse: (text: string) => Value,
): Value | undefined {
  const text = env[name]
  if (text === undefined) return undefined
  if (text.trim() === '') throw new OptionError(`${name} is empty. Give it a value, or unset it.`)
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    throw new OptionError(`${name}: ${withoutLink(error.message)}`)
  }
}

function parseTtl(text: string): number {
  return durationMs(/^\d+$/.test(text) ? Number(text) * 1000 : text, 'CACHE_DEFAULT_TTL')
}

function parseHostName(text: string): string {
  return parseHost(text, 'REDIS_HOST')
}

function parsePortText(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : undefined
  if (port === undefined) {
    // Kubernetes sets REDIS_PORT=tcp://… in every pod beside a service called "redis".
    throw new OptionError(
      'Expected a port from 1 to 65535; got text that is none (not shown). In Kubernetes a service called "redis" ' +
        'sets it: use REDIS_URL and enableServiceLinks: false.',
    )
  }
  return parsePort(port, 'REDIS_PORT')
}

function countOf(least: number): (text: string) => number {
  return (text) => {
    if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text)
    throw new OptionError(`Expected a whole number of at least ${least}; got another text.`)
  }
}
