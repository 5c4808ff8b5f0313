import type { RootCache } from './cache.ts'
import { taggedJson, type Codec } from './codec.ts'
import { ttlMs, type Duration } from './duration.ts'
import { OptionError } from './errors.ts'
import { checkPrefix } from './key.ts'
import { memoryStore } from './memory/index.ts'
import { booleanOption, checkOptions, choiceOption, wrongOption } from './options.ts'
import { show } from './show.ts'
import { createCounters } from './stats.ts'
import type { Store } from './store.ts'
import { createUpdater } from './update.ts'
import { createView } from './view/create-view.ts'
import { createValues, type ValueSharing } from './view/values.ts'

/** Options of `createCache`. */
export interface CacheOptions {
  /** Where entries live. Default: a new `memoryStore()`, seen by this process alone. */
  readonly store?: Store | undefined
  /** First part of every key: 1 to 64 letters, digits, '.', '_' or '-'. Default `'sluice'`. */
  readonly prefix?: string | undefined
  /** How long entries live unless a namespace or a call says otherwise. Default: no expiry. */
  readonly ttl?: Duration | undefined
  /**
   * How values become what the store keeps: `json`, `compressed(…)` of `@sluice/core/codecs`, `msgpack()` of
   * `@sluice/core/msgpack`, or one of your own. Default `taggedJson`. May change on a live cache: entries that the new codec
   * cannot read are misses.
   */
  readonly codec?: Codec | undefined
  /**
   * `'copy'`: what a reader gets is its own; of a store in this process the last few thousand objects that were read are kept
   * decoded, as copying takes less time than decoding. `'frozen'`: all readers of an unchanged entry share one frozen object, which
   * is never copied or parsed again; changing it throws a TypeError. A value that holds a Date, Map, Set or bytes, which
   * cannot be frozen, is still read anew for each reader. Default `'copy'`.
   */
  readonly values?: ValueSharing | undefined
  /** False leaves the counts of `stats()` at 0. Default true. */
  readonly stats?: boolean | undefined
}

/**
 * Makes a cache. No connection is opened before the first call.
 *
 * @example
 * const cache = createCache({ store: redisStore({ url: process.env.REDIS_URL }), prefix: 'shop', ttl: '1h' })
 * await cache.set('user:1', { name: 'Ada' }, '10m')
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function createCache(options: CacheOptions = {}): RootCache {
  checkOptions('createCache', options, ['store', 'prefix', 'ttl', 'codec', 'values', 'stats'])
  const store = options.store ?? memoryStore()
  if (typeof store.run !== 'function') {
    throw new OptionError(
      `Expected "store" to be a store, such as memoryStore() or redisStore(…); got ${show(store)}.`,
    )
  }
  const view = createView({
    store,
    prefix: checkPrefix(options.prefix ?? 'sluice'),
    levels: '',
    defaultTtlMs: options.ttl === undefined ? Infinity : ttlMs(options.ttl, 'ttl'),
    counters: booleanOption(options.stats, 'stats', true) ? createCounters() : undefined,
    updater: createUpdater(store),
    values: createValues(
      checkCodec(options.codec === undefined ? taggedJson : options.codec),
      choiceOption(options.values, 'values', ['copy', 'frozen'], 'copy'),
      store.get.now !== undefined,
    ),
  })
  const close = (): Promise<void> => store.close()
  return { ...view, close, [Symbol.asyncDispose]: close }
}

function checkCodec(codec: Codec): Codec {
  if (typeof codec?.encode === 'function' && typeof codec.decode === 'function') return codec
  throw wrongOption('codec', 'a codec, such as json, msgpack() or compressed(…)', codec)
}
