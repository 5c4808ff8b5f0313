import type { Duration } from '../duration.ts'
import { OptionError } from '../errors.ts'
import type { InvalidationSource, NearSource } from '../near-source.ts'
import { checkOptions, choiceOption, durationOption, integerOption } from '../options.ts'
import { show } from '../show.ts'
import type { Store } from '../store.ts'

/** Options of `nearStore`. */
export interface NearStoreOptions {
  /** How many entries are kept in process; the least recently used make room. Default 10 000. */
  readonly maxEntries?: number | undefined
  /** How many bytes they may take, keys included, two a character. Default: no bound but `maxEntries`. */
  readonly maxBytes?: number | undefined
  /** How long an entry is kept in process at the most, however long it lives in the store. Default `'1m'`. */
  readonly ttl?: Duration | undefined
  /**
   * The bound on staleness when the link breaks in silence: nothing is served from memory later than this after the last
   * proof that every write is known. The link is asked for one four times as often. Default `'2s'`.
   */
  readonly maxStale?: Duration | undefined
  /**
   * Who tells of writes. `'tracking'`: the server, of everything that changes an entry. `'pubsub'`, for servers that
   * cannot: near stores of this option tell each other of their own writes, and of nothing else. Default `'tracking'`.
   */
  readonly source?: InvalidationSource | undefined
}

/** Options, parsed once. */
export interface NearConfig {
  readonly maxEntries: number
  readonly maxBytes: number | undefined
  readonly ttlMs: number
  readonly maxStaleMs: number
  readonly source: InvalidationSource
}

/** @throws OptionError for an option that is unknown or of the wrong kind */
export function parseNearOptions(options: NearStoreOptions): NearConfig {
  checkOptions('nearStore', options, ['maxEntries', 'maxBytes', 'ttl', 'maxStale', 'source'])
  return {
    maxEntries: integerOption(options.maxEntries, 'maxEntries', 10_000),
    maxBytes:
      options.maxBytes === undefined ? undefined : integerOption(options.maxBytes, 'maxBytes', 1),
    ttlMs: durationOption(options.ttl, 'ttl', '1m'),
    maxStaleMs: durationOption(options.maxStale, 'maxStale', '2s'),
    source: choiceOption(options.source, 'source', ['tracking', 'pubsub'], 'tracking'),
  }
}

/** @throws OptionError for what is no store, or one that cannot tell of writes */
export function nearSourceOf(store: Store): NearSource {
  if (typeof store !== 'object' || store === null || typeof store.run !== 'function') {
    throw new OptionError(
      `Expected nearStore() to be given a store, such as redisStore(…); got ${show(store)}.`,
    )
  }
  if (store.near !== undefined) return store.near
  throw new OptionError(
    `nearStore() needs a store that tells of writes, such as redisStore(…); a store of kind "${store.kind}" does not. ` +
      (store.shared
        ? 'Use it as it is.'
        : 'It keeps its entries in this process anyway: use it as it is.'),
  )
}
