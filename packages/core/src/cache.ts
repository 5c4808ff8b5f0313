import type { Duration } from './duration.ts'
import type { ScanOptions } from './key-walk.ts'
import type { Payload } from './payload.ts'
import type { CacheStats } from './stats.ts'
import type { Store } from './store.ts'

/** Options of `set`. */
export interface SetOptions {
  /** How long the entry lives; `Infinity` for ever. Default: the cache's ttl. Not with `keepTtl`. */
  readonly ttl?: Duration | undefined
  /** Write only where no live entry is. Not with `ifPresent` or `keepTtl`. */
  readonly ifAbsent?: boolean | undefined
  /** Write only over a live entry. */
  readonly ifPresent?: boolean | undefined
  /** Keep what is left of the entry's life; a new entry gets the cache's ttl. */
  readonly keepTtl?: boolean | undefined
}

/** Options of `increment` and `decrement`. */
export interface CounterOptions {
  /** How long the counter lives, counted from its creation; later calls keep what is left. Default: the cache's ttl. */
  readonly ttl?: Duration | undefined
}

/** Options of `compareAndSwap` and `update`. */
export interface SwapOptions {
  /** How long an entry lives that was not there before; one that was keeps what is left. Default: the cache's ttl. */
  readonly ttl?: Duration | undefined
}

/**
 * The key-value view of a store. Keys are text of 1 to 1024 bytes; values are data, `null` included; a miss is
 * `undefined`. Every method rejects with `StoreUnavailableError` when the store does not answer within its deadline.
 */
export interface Cache {
  /** The store below, for packages that run operations of their own. */
  readonly store: Store
  /**
   * The value, or `undefined` on a miss. The caller's own copy: changing it changes no other reader's. With
   * `values: 'frozen'` all callers share one that nobody can change.
   */
  get<Value = unknown>(key: string): Promise<Value | undefined>
  /**
   * The value, where the store has it in this process: a hit without a promise, counted as one. `undefined` says nothing;
   * then ask `get`. Also while somebody listens to the channel of `get`, who is to hear of all reads.
   */
  getNow<Value = unknown>(key: string): Value | undefined
  /**
   * Writes a value. True when it wrote, which only `ifAbsent` and `ifPresent` can prevent.
   * @param options how long it lives, or all options
   * @throws ValueError for what would not come back as it went in, `undefined` included
   */
  set(key: string, value: unknown, options?: Duration | SetOptions): Promise<boolean>
  /** True when an entry was there. */
  delete(key: string): Promise<boolean>
  /** True when a live entry is there. */
  has(key: string): Promise<boolean>
  /** Reads and deletes in one atomic step: of many callers one gets the value. */
  take<Value = unknown>(key: string): Promise<Value | undefined>

  /** Remaining ms, `Infinity` without expiry, `undefined` without the key. */
  ttl(key: string): Promise<number | undefined>
  /** Gives a live entry a new ttl; `Infinity` for ever. False when there is none. */
  expire(key: string, ttl: Duration): Promise<boolean>
  /** Takes the expiry off a live entry. False when there is none. */
  persist(key: string): Promise<boolean>
  /** Gives a live entry the cache's ttl anew. False when there is none. */
  touch(key: string): Promise<boolean>

  /** The values that are there, by key; misses are left out. Any number of keys; one round trip a server. */
  getMany<Value = unknown>(keys: Iterable<string>): Promise<Map<string, Value>>
  /** Writes many entries with one ttl and answers how many. `StoreUnavailableError.keys` names what was not written. */
  setMany(
    entries: Iterable<readonly [key: string, value: unknown]>,
    ttl?: Duration,
  ): Promise<number>
  /** Deletes many entries and answers how many were there. */
  deleteMany(keys: Iterable<string>): Promise<number>

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
  /**
   * Replaces a value by another if it still is the one expected, in one atomic step; `undefined` stands for no entry on
   * both sides. Values are equal when they are encoded alike: objects with their keys in the same order.
   */
  compareAndSwap(
    key: string,
    expected: unknown,
    next: unknown,
    options?: SwapOptions,
  ): Promise<boolean>
  /**
   * Reads, changes and writes so that no parallel change is lost, and answers the new value.
   * @param change gets the value, `undefined` without one, and gives the new one, `undefined` to delete; it is called
   *   again after a conflict
   * @throws ConflictError after a hundred conflicts with other processes
   */
  update<Value = unknown>(
    key: string,
    change: (value: Value | undefined) => Value | undefined | Promise<Value | undefined>,
    options?: SwapOptions,
  ): Promise<Value | undefined>

  /**
   * Keys that match a Redis glob (`*`, `?`, `[a-z]`, `\x`), as they are found. A key may come twice while Redis resizes.
   * @example for await (const key of cache.keys('user:*')) console.log(key)
   */
  keys(pattern?: string, options?: ScanOptions): AsyncIterable<string>
  /** All keys that match, each once. */
  keysMatching(pattern: string, options?: ScanOptions): Promise<string[]>
  /** How many keys match. */
  countMatching(pattern: string, options?: ScanOptions): Promise<number>
  /** Deletes what matches, in batches, and answers how many entries that were. */
  deleteMatching(pattern: string, options?: ScanOptions): Promise<number>
  /** Deletes every entry of this view and nothing else, and answers how many. Sessions, locks and limits stay. */
  clear(options?: ScanOptions): Promise<number>

  /** A view whose keys start with one more level. Views nest and never leave their parent. */
  namespace(name: string, options?: NamespaceOptions): Cache
  /** `clear()` of a namespace. */
  clearNamespace(name: string, options?: ScanOptions): Promise<number>
  /** The view of one tenant. No other tenant's view reaches its entries, whatever the ids. */
  tenant(id: string): Cache

  /** What this view counted since it was made, views of it included. Asks no store. */
  stats(): CacheStats
  /** Starts the counts of this view anew, and no other view's. */
  resetStats(): void
  /** True when the store answers within its deadline. Never rejects. */
  ping(): Promise<boolean>
  /** The key of state that a package keeps beside the entries: `prefix#area:{name}`. `clear()` never touches it. */
  stateKey(area: string, name: string): string
  /** The key under which the store has an entry of this view: for packages whose operations work on entries. */
  entryKey(key: string): string
  /**
   * What the store keeps of a value, by the codec of this cache: for packages whose operations write entries.
   *
   * @throws ValueError for what is no data, with the path of what is not
   */
  encode(value: unknown): Payload
}

/** Options of `namespace`. */
export interface NamespaceOptions {
  /** How long its entries live unless a call says otherwise. Default: that of the view around. */
  readonly ttl?: Duration | undefined
}

/** The cache that `createCache` makes: the one that may close its store. */
export interface RootCache extends Cache, AsyncDisposable {
  /** Closes the store. Final and idempotent; later calls reject with `StoreClosedError`. */
  close(): Promise<void>
}
