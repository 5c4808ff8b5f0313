import { OptionError, type Cache, type Duration } from '@sluice/core'
import { checkOptions, durationMs, escapeGlob, wrongOption } from '@sluice/core/extend'
import type { ClientRateLimitInfo, Store } from 'express-rate-limit'
import { hit, type Hits } from './operations/hit.ts'
import { hits } from './operations/hits.ts'
import { unhit } from './operations/unhit.ts'
import { parseSettings } from './options.ts'

/** Options of `expressRateLimitStore`. */
export interface ExpressRateLimitStoreOptions {
  /** Where counts are kept. Default: the memory of this process. */
  readonly cache?: Cache | undefined
  /**
   * Keeps the counts of one limiter apart from those of others on the same cache: 1 to 64 printable ASCII characters.
   * Default `'default'`; two limiters of one application need a prefix each.
   */
  readonly prefix?: string | undefined
  /** How long the cache's store may take to count. Default 100 ms. */
  readonly deadline?: Duration | undefined
}

/**
 * A store for the middleware of the package `express-rate-limit`, with all of its optional methods. A hit is one atomic step
 * and one round trip; the window begins with a client's first hit, by the clock of the cache's store. No count is without
 * a ttl, whatever is taken back and whenever. `shutdown` leaves the cache open: it belongs to whoever made it.
 *
 * When the cache's store does not answer, `increment` rejects with `StoreUnavailableError`: the middleware answers 503, or
 * lets the request pass with `passOnStoreError: true`.
 *
 * @example
 * import { rateLimit } from 'express-rate-limit'
 * const store = expressRateLimitStore({ cache, prefix: 'login' })
 * app.use('/login', rateLimit({ windowMs: 60_000, limit: 10, store }))
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function expressRateLimitStore(options: ExpressRateLimitStoreOptions = {}): Required<Store> {
  checkOptions('expressRateLimitStore', options, ['cache', 'prefix', 'deadline'])
  const { cache, deadlineMs } = parseSettings(options)
  const { store } = cache
  const prefix = prefixOption(options.prefix)
  const ending = `:${encodeURIComponent(prefix)}`
  const keyOf = (key: string): string => cache.stateKey('hits', key) + ending
  let windowMs: number | undefined

  return {
    prefix,
    // Two stores of one cache and prefix share their counts, in memory too: its check for a request that is counted twice
    // must see them as one.
    localKeys: false,
    init(settings) {
      windowMs = durationMs(Math.ceil(settings.windowMs), 'windowMs')
    },
    async increment(key) {
      if (windowMs === undefined) throw noWindow()
      return infoOf(await store.run(hit, { key: keyOf(key), windowMs }, { deadlineMs }))
    },
    async decrement(key) {
      await store.run(unhit, { key: keyOf(key) }, { deadlineMs })
    },
    async get(key) {
      const found = await store.run(hits, { key: keyOf(key) }, { deadlineMs })
      return found && infoOf(found)
    },
    async resetKey(key) {
      await store.delete([keyOf(key)])
    },
    async resetAll() {
      // A state key is '…{name}': all of this view begin with what stands before a name, and no name holds a brace.
      const beginning = cache.stateKey('hits', 'x').slice(0, -'x}'.length)
      const match = `${escapeGlob(beginning)}*}${escapeGlob(ending)}`
      for await (const { keys } of store.scan(match)) await store.delete(keys)
    },
    shutdown: () => undefined,
  }
}

/** By the clock of this process, which is what the middleware compares it with. */
function infoOf({ count, leftMs }: Hits): ClientRateLimitInfo {
  const resetTime = leftMs === undefined ? undefined : new Date(Date.now() + leftMs)
  return { totalHits: count, resetTime }
}

function prefixOption(prefix: unknown = 'default'): string {
  if (typeof prefix === 'string' && /^[\x20-\x7e]{1,64}$/.test(prefix)) return prefix
  throw wrongOption('prefix', '1 to 64 printable ASCII characters', prefix)
}

function noWindow(): OptionError {
  return new OptionError(
    'The store has no window to count in. Give it to rateLimit() of express-rate-limit as "store", with a "windowMs" ' +
      'above 0.',
  )
}
