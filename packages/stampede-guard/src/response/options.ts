import type { Cache, Clock, Duration } from '@sluice/core'
import {
  booleanOption,
  checkFunction,
  checkOptions,
  durationMs,
  durationOption,
  integerOption,
  systemClock,
  wrongOption,
} from '@sluice/core/extend'
import { defaultNormalizers, type Normalizer } from './vary.ts'

/** Which part of the query tells responses apart. */
export type QueryKey = 'exact' | 'sorted' | readonly string[]

/** Options of `cacheResponse`. Functions are given Express's `req` or Koa's `ctx`; one that throws fails the request. */
export interface ResponseCacheOptions<Context> {
  /** Where responses are kept: a cache from `createCache()`, or a namespace or tenant of one. */
  readonly cache: Cache
  /** How long a response is fresh whose handler set neither Cache-Control nor Expires. */
  readonly ttl: Duration
  /**
   * How long after that a response is still served while one request runs the handler for the next. A response that says
   * so of its own says it better; one with `must-revalidate`, `proxy-revalidate`, `s-maxage` or `no-cache` is never served
   * stale. Default: not at all.
   */
  readonly staleWhileRevalidate?: Duration | undefined
  /** How long after its ttl a response covers for a handler that fails with 500, 502, 503 or 504. Default: not at all. */
  readonly staleIfError?: Duration | undefined
  /** Tags of every response of this route. `res.cacheTags()` and `ctx.cacheTags()` add to them. Default: none. */
  readonly tags?: readonly string[] | ((context: Context) => readonly string[]) | undefined
  /** What responses depend on beside the URL and what `Vary` names: a tenant, a currency. Default: nothing. */
  readonly key?: ((context: Context) => string) | undefined
  /**
   * What of the query tells responses apart: all of it as sent (`'exact'`), all of it in any order (`'sorted'`), or the
   * parameters with these names; the handler must not look at others. Default `'exact'`.
   */
  readonly query?: QueryKey | undefined
  /**
   * Which requests belong to a session, and are neither answered from the cache nor kept: those with a cookie of one of these
   * names, or those that a function says. Default: those with any cookie at all. Beside the cookies a name list looks at
   * `req.user` or `ctx.state.user`, client certificates and headers such as `X-Api-Key`; a function decides alone.
   */
  readonly sessionCookies?: readonly string[] | ((context: Context) => boolean) | undefined
  /** The largest body that is kept, in bytes. Default 1 MiB. */
  readonly maxBody?: number | undefined
  /** How many variants of one URL are kept; the oldest makes room. Default 20. */
  readonly maxVariants?: number | undefined
  /**
   * Makes header values that mean the same the same, for headers that `Vary` names: by the header's name in lower case.
   * Default: the codings of Accept-Encoding in one order, Accept-Language by preference.
   */
  readonly normalize?: Readonly<Record<string, Normalizer>> | undefined
  /** How many requests may wait for one handler; the others run it themselves. Default 1000. */
  readonly maxFollowers?: number | undefined
  /** How long a request waits for the handler that another one runs. Default `'10s'`. */
  readonly followerWait?: Duration | undefined
  /** How long a URL whose response could not be kept is not waited for. Default `'30s'`. */
  readonly uncacheableFor?: Duration | undefined
  /**
   * Whether a request's Cache-Control counts (`no-cache`, `max-age`, `only-if-cached` …). From clients that are not known it is a
   * lever to get past the cache. Default false.
   */
  readonly trustRequestDirectives?: boolean | undefined
  /** What the cache is called in the `Cache-Status` header (RFC 9211). Default `'sluice'`. */
  readonly name?: string | undefined
  /** Where the time comes from. Default: the system clock. For tests. */
  readonly clock?: Clock | undefined
}

/** Options, parsed once. */
export interface ResponseCacheConfig<Context> {
  readonly cache: Cache
  readonly ttlMs: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  readonly tagsOf: (context: Context) => readonly string[]
  readonly keyOf: ((context: Context) => string) | undefined
  readonly query: QueryKey
  readonly sessionCookies: ReadonlySet<string> | ((context: Context) => boolean) | undefined
  readonly maxBody: number
  readonly maxVariants: number
  readonly normalizers: ReadonlyMap<string, Normalizer>
  readonly maxFollowers: number
  readonly followerWaitMs: number
  readonly uncacheableForMs: number
  readonly trustRequestDirectives: boolean
  readonly name: string
  readonly clock: Clock
}

const names = [
  'cache',
  'ttl',
  'staleWhileRevalidate',
  'staleIfError',
  'tags',
  'key',
  'query',
  'sessionCookies',
  'maxBody',
  'maxVariants',
  'normalize',
  'maxFollowers',
  'followerWait',
  'uncacheableFor',
  'trustRequestDirectives',
  'name',
  'clock',
] as const

/** @throws OptionError on anything missing, unknown or of the wrong kind */
export function parseResponseOptions<Context>(
  options: ResponseCacheOptions<Context>,
): ResponseCacheConfig<Context> {
  checkOptions('cacheResponse', options, names)
  const { cache, key, clock = systemClock } = options
  if (typeof cache?.namespace !== 'function') {
    throw wrongOption('cache', 'a cache, such as createCache()', cache)
  }
  if (typeof clock?.now !== 'function') {
    throw wrongOption('clock', 'a clock, such as { now: () => Date.now() }', clock)
  }
  checkFunction(key, 'key')
  return {
    cache,
    ttlMs: durationMs(options.ttl, 'ttl'),
    staleWhileRevalidateMs: windowOption(options.staleWhileRevalidate, 'staleWhileRevalidate'),
    staleIfErrorMs: windowOption(options.staleIfError, 'staleIfError'),
    tagsOf: parseTags(options.tags),
    keyOf: key,
    query: parseQuery(options.query),
    sessionCookies: parseCookies(options.sessionCookies),
    maxBody: integerOption(options.maxBody, 'maxBody', 2 ** 20),
    maxVariants: integerOption(options.maxVariants, 'maxVariants', 20),
    normalizers: parseNormalizers(options.normalize),
    maxFollowers: integerOption(options.maxFollowers, 'maxFollowers', 1000, 0),
    followerWaitMs: durationOption(options.followerWait, 'followerWait', '10s'),
    uncacheableForMs: durationOption(options.uncacheableFor, 'uncacheableFor', '30s'),
    trustRequestDirectives: booleanOption(
      options.trustRequestDirectives,
      'trustRequestDirectives',
      false,
    ),
    name: parseName(options.name),
    clock,
  }
}

function windowOption(value: Duration | undefined, name: string): number {
  return value === undefined ? 0 : durationMs(value, name)
}

/** @throws OptionError for what is not a list of texts */
export function checkTags(tags: unknown, name: string): readonly string[] {
  if (isTexts(tags)) return tags
  throw wrongOption(name, "a list of texts, such as ['products']", tags)
}

function parseTags<Context>(
  tags: ResponseCacheOptions<Context>['tags'],
): ResponseCacheConfig<Context>['tagsOf'] {
  if (typeof tags === 'function') return (context) => checkTags(tags(context), 'tags')
  const fixed = checkTags(tags ?? [], 'tags')
  return () => fixed
}

function parseQuery(query: QueryKey = 'exact'): QueryKey {
  if (query === 'exact' || query === 'sorted' || isTexts(query)) return query
  throw wrongOption('query', "'exact', 'sorted' or a list of parameter names", query)
}

function parseCookies<Context>(
  cookies: ResponseCacheOptions<Context>['sessionCookies'],
): ResponseCacheConfig<Context>['sessionCookies'] {
  if (cookies === undefined || typeof cookies === 'function') return cookies
  if (isTexts(cookies)) return new Set(cookies)
  throw wrongOption('sessionCookies', 'a list of cookie names or a function', cookies)
}

function parseNormalizers(
  normalize: Readonly<Record<string, Normalizer>> = {},
): ReadonlyMap<string, Normalizer> {
  const own = Object.entries(normalize)
  for (const [name, normalizer] of own) checkFunction(normalizer, `normalize.${name}`)
  return new Map([
    ...defaultNormalizers,
    ...own.map(([name, normalizer]) => [name.toLowerCase(), normalizer] as const),
  ])
}

function parseName(name = 'sluice'): string {
  if (typeof name === 'string' && /^[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*$/.test(name)) return name
  throw wrongOption('name', "a word such as 'sluice' or 'shop-cache'", name)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '')
}
