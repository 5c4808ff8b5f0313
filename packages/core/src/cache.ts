import { jsonCodec } from './codec.ts'
import { ttlMs, type Duration } from './duration.ts'
import { CounterError, OptionError } from './errors.ts'
import { escapeGlob } from './glob.ts'
import { checkKey, checkPrefix, hashTag, namespaceLevel, tenantLevel } from './key.ts'
import { memoryStore } from './memory/index.ts'
import { add, exists, expire, remaining } from './operations/entry.ts'
import { checkOptions } from './options.ts'
import { show } from './show.ts'
import type { Store } from './store.ts'

/** Options of `createCache`. */
export interface CacheOptions {
  /** Where entries live. Default: a new `memoryStore()`, seen by this process alone. */
  readonly store?: Store
  /** First part of every key: 1 to 64 letters, digits, '.', '_' or '-'. Default `'sluice'`. */
  readonly prefix?: string
  /** How long entries live unless a call says otherwise. Default: no expiry. */
  readonly ttl?: Duration
}

/** Options of `increment` and `decrement`. */
export interface CounterOptions {
  /** How long the counter lives, counted from its creation; later calls keep what is left. Default: the cache's ttl. */
  readonly ttl?: Duration
}

/**
 * The key-value view of a store. Keys are text of 1 to 1024 bytes; values are data, `null` included; a miss is
 * `undefined`. Every method rejects with `StoreUnavailableError` when the store does not answer within its deadline.
 */
export interface Cache {
  /** The store below, for packages that run operations of their own. */
  readonly store: Store
  /** The value, or `undefined` on a miss. The caller's own copy: changing it changes no other reader's. */
  get<Value = unknown>(key: string): Promise<Value | undefined>
  /**
   * Writes a value.
   * @param ttl how long it lives; `Infinity` for ever. Default: the cache's ttl.
   * @throws ValueError for what would not come back as it went in, `undefined` included
   */
  set(key: string, value: unknown, ttl?: Duration): Promise<void>
  /** True when an entry was there. */
  delete(key: string): Promise<boolean>
  /** True when a live entry is there. */
  has(key: string): Promise<boolean>
  /** Remaining ms, `Infinity` without expiry, `undefined` without the key. */
  ttl(key: string): Promise<number | undefined>
  /** Gives a live entry a new ttl; `Infinity` for ever. False when there is none. */
  expire(key: string, ttl: Duration): Promise<boolean>
  /**
   * Adds to a counter in one atomic step and answers the sum; a missing one starts at 0.
   * @param by a safe integer, default 1
   * @throws CounterError when the entry is no integer, or the sum would leave the safe integers
   */
  increment(key: string, by?: number, options?: CounterOptions): Promise<number>
  /** `increment` downwards. */
  decrement(key: string, by?: number, options?: CounterOptions): Promise<number>
  /** Writes only where no live entry is, in one atomic step. True when it wrote. */
  setIfAbsent(key: string, value: unknown, ttl?: Duration): Promise<boolean>
  /** A view whose keys start with one more level. Views nest and never leave their parent. */
  namespace(name: string): Cache
  /** The view of one tenant. No other tenant's view reaches its entries, whatever the ids. */
  tenant(id: string): Cache
  /** Deletes every entry of this view and nothing else, and answers how many. Sessions, locks and limits stay. */
  clear(): Promise<number>
  /** True when the store answers within its deadline. Never rejects. */
  ping(): Promise<boolean>
  /** The key of state that a package keeps beside the entries: `prefix#area:{name}`. `clear()` never touches it. */
  stateKey(area: string, name: string): string
}

/** The cache that `createCache` makes: the one that may close its store. */
export interface RootCache extends Cache, AsyncDisposable {
  /** Closes the store. Final and idempotent; later calls reject with `StoreClosedError`. */
  close(): Promise<void>
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
  checkOptions('createCache', options, ['store', 'prefix', 'ttl'])
  const store = options.store ?? memoryStore()
  if (typeof store.run !== 'function') {
    throw new OptionError(
      `Expected "store" to be a store, such as memoryStore() or redisStore(…); got ${show(store)}.`,
    )
  }
  const defaultTtlMs = options.ttl === undefined ? Infinity : ttlMs(options.ttl, 'ttl')
  const close = (): Promise<void> => store.close()
  return {
    ...createView({
      store,
      prefix: checkPrefix(options.prefix ?? 'sluice'),
      levels: '',
      defaultTtlMs,
    }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** What a view is, whole: the prefix, its levels (`'eu:@acme:'`), and the ttl of entries that name none. */
interface View {
  readonly store: Store
  readonly prefix: string
  readonly levels: string
  readonly defaultTtlMs: number
}

function createView(view: View): Cache {
  const { store, prefix, levels, defaultTtlMs } = view
  const base = `${prefix}:${levels}`
  const entryKey = (key: string): string => base + checkKey(key)
  const ttlOf = (ttl: Duration | undefined): number =>
    ttl === undefined ? defaultTtlMs : ttlMs(ttl, 'ttl')
  const write = (key: string, value: unknown, ttl: Duration | undefined, when?: 'absent') =>
    store.set(entryKey(key), encode(value), setOptions(ttlOf(ttl), when))
  const count = (key: string, by: number, options: CounterOptions) =>
    addTo(store, entryKey(key), by, finite(ttlOf(options.ttl)))

  return {
    store,
    async get<Value>(key: string) {
      const text = await store.get(entryKey(key))
      return text === undefined ? undefined : decode<Value>(text)
    },
    async set(key, value, ttl) {
      await write(key, value, ttl)
    },
    async delete(key) {
      return (await store.delete([entryKey(key)])) === 1
    },
    has: async (key) => store.run(exists, { key: entryKey(key) }),
    ttl: async (key) => store.run(remaining, { key: entryKey(key) }),
    expire: async (key, ttl) =>
      store.run(expire, { key: entryKey(key), ttlMs: finite(ttlMs(ttl, 'ttl')) }),
    increment: async (key, by = 1, options = {}) => count(key, by, options),
    decrement: async (key, by = 1, options = {}) => count(key, -by, options),
    setIfAbsent: async (key, value, ttl) => write(key, value, ttl, 'absent'),
    namespace: (name) => createView({ ...view, levels: `${levels}${namespaceLevel(name)}:` }),
    tenant: (id) => createView({ ...view, levels: `${levels}${tenantLevel(id)}:` }),
    clear: () => clearMatching(store, `${escapeGlob(base)}*`),
    ping: () =>
      store.ping().then(
        () => true,
        () => false,
      ),
    stateKey: (area, name) => `${prefix}#${area}:${levels}${hashTag(checkKey(name, 'name'))}`,
  }
}

async function addTo(store: Store, key: string, by: number, ttl: number): Promise<number> {
  if (!Number.isSafeInteger(by)) {
    throw new OptionError(`Expected "by" to be a whole number within ±(2^53 - 1); got ${show(by)}.`)
  }
  // -0 would be written as the text "-0", which is no integer.
  const sum = await store.run(add, { key, by: by === 0 ? 0 : by, ttlMs: ttl })
  if (sum.ok) return sum.count
  throw new CounterError(
    sum.why === 'overflow'
      ? `Adding ${by} would take the counter past the safe integers. Nothing was changed.`
      : 'The entry is not a counter: expected an integer. Nothing was changed.',
  )
}

async function clearMatching(store: Store, match: string): Promise<number> {
  let deleted = 0
  for await (const keys of store.scan(match)) deleted += await store.delete(keys)
  return deleted
}

function setOptions(ttl: number, when: 'absent' | undefined) {
  return {
    ...(ttl === Number.POSITIVE_INFINITY ? {} : { ttlMs: ttl }),
    ...(when === undefined ? {} : { when }),
  }
}

/** Operations say "no expiry" as 0: Redis has no Infinity. */
function finite(ttl: number): number {
  return ttl === Number.POSITIVE_INFINITY ? 0 : ttl
}

function encode(value: unknown): string {
  if (value === undefined) {
    throw new OptionError(
      'Expected a value to cache; got undefined, which means "none". Cache null, or delete the key.',
    )
  }
  return jsonCodec.encode(value)
}

/** What cannot be read is a miss: the next write heals it. The reader vouches for the type, as with JSON.parse. */
function decode<Value>(text: string): Value | undefined {
  try {
    return jsonCodec.decode(text) as Value
  } catch {
    return undefined
  }
}
