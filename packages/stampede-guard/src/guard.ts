import type { Duration } from '@sluice/core'
import type { InvalidateMode } from './tags.ts'
import type { Loader } from './loader.ts'
import type { ManyLoader, ManyResult } from './many.ts'
import type { EntryOptions } from './policy.ts'

/** Options of one call. */
export interface CallOptions extends EntryOptions {
  /** Rejects this call with its reason when it aborts. The load goes on for the others, see `abortUnwanted`. */
  readonly signal?: AbortSignal | undefined
}

/** Options of `wrap`. */
export interface WrapOptions<Args extends readonly unknown[]> extends EntryOptions {
  /** The key of a call, from its arguments: everything that the result depends on must be in it. */
  readonly key: (...args: Args) => string
}

/** What `peek` finds. */
export type Peek<Value = unknown> =
  | {
      /** Nothing is there that could be served. */
      readonly hit: false
    }
  | {
      /** A value is there, fresh or stale. */
      readonly hit: true
      /** The value, a copy of your own. */
      readonly value: Value
      /** True when the ttl is over, or a tag was invalidated, and the entry is kept all the same. */
      readonly stale: boolean
      /** Milliseconds since the value was written. */
      readonly ageMs: number
    }

/**
 * Loads values once and keeps them. Keys are text of 1 to 1024 bytes. Values are data, `null` included; every caller gets
 * a copy of its own.
 */
export interface Guard extends AsyncDisposable {
  /**
   * The cached value, or what `load` makes of the source. Callers who miss together share one load and its outcome, an
   * error too. When the store is away the value is loaded and not kept.
   *
   * `undefined` from `load` means "none" and is not cached; `null` is. A loader must not ask the guard for its own key.
   *
   * @throws whatever `load` throws
   * @throws LoadTimeoutError after `timeout`
   * @throws ValueError when what `load` returns is no data, with the path of what is not
   * @throws KeyError for a key that cannot be stored
   * @example
   * const user = await guard.get(`user:${id}`, () => db.findUser(id))
   */
  get<Value>(key: string, load: Loader<Value>, options?: CallOptions): Promise<Value>
  /**
   * Many keys in one read. What is missing is loaded by one call of `loadMissing`, or some where others load a part of it
   * already; each key has its own flight and its own error.
   *
   * @example
   * const { values, errors } = await guard.getMany(ids, (missing) => db.findUsers(missing))
   */
  getMany<Value>(
    keys: Iterable<string>,
    loadMissing: ManyLoader<Value>,
    options?: CallOptions,
  ): Promise<ManyResult<Value>>
  /**
   * The function, guarded: calls of one key share a load and its cached result.
   *
   * @example
   * const findUser = guard.wrap(db.findUser, { key: (id) => `user:${id}` })
   * const user = await findUser(7)
   */
  wrap<Args extends readonly unknown[], Value>(
    fn: (...args: Args) => Value | PromiseLike<Value>,
    options: WrapOptions<Args>,
  ): (...args: Args) => Promise<Value>
  /** Loads a value anew whatever is cached, unless it is being loaded already, and keeps it. Throws as `get` does. */
  refresh<Value>(key: string, load: Loader<Value>, options?: CallOptions): Promise<Value>
  /**
   * Forgets a value; true when there was one, or one was being loaded by any process. Call it after the source has changed.
   * A load that is under way reaches those who wait for it and is kept by no process; the next `get` loads afresh.
   *
   * @throws StoreUnavailableError when the store does not answer: the old value may live until its ttl
   */
  delete(key: string): Promise<boolean>
  /**
   * Keeps a value, as if it had just been loaded, in place of whatever is there or under way in any process.
   *
   * @throws StoreUnavailableError when the store does not answer: the old value may live until its ttl
   */
  set(key: string, value: unknown, options?: EntryOptions): Promise<void>
  /**
   * Invalidates every value with one of the tags, also those that are being loaded.
   *
   * @param mode `'hard'`: they are not served any more. `'stale'`: they are as if their ttl were over, and served within
   *   `staleWhileRevalidate` and `staleIfError` while they are loaded anew. Default `'hard'`.
   * @throws StoreUnavailableError when the store does not answer: some of the tags may not be invalidated
   * @example
   * await guard.invalidateTags([`category:${id}`])
   */
  invalidateTags(tags: readonly string[], mode?: InvalidateMode): Promise<void>
  /** Forgets every entry of the cache view that the guard was given, and what is being loaded. Answers how many. */
  clear(): Promise<number>
  /**
   * What the cache holds, without loading or refreshing.
   *
   * @throws StoreUnavailableError when the store does not answer
   */
  peek<Value = unknown>(key: string): Promise<Peek<Value>>
  /**
   * Begins no more refreshes and waits for those under way, then drops them. Later calls reject with `GuardClosedError`; the
   * cache stays open. Idempotent.
   *
   * @param within how long to wait, default `'5s'`
   */
  close(within?: Duration): Promise<void>
}
