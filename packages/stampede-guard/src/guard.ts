import type { Cache, Duration } from '@sluice/core'
import { checkOptions, durationOption, wrongOption } from '@sluice/core/extend'
import { isEntry } from './entry.ts'
import { createFinder } from './finder.ts'
import { flightsOf } from './flights.ts'
import { createLoadRunner, type Loader } from './loader.ts'
import { parseGuardOptions, type GuardOptions } from './options.ts'
import { fieldsOf, traceDelete, traceGet, traceSet } from './tracing.ts'

/** How one entry differs from the guard's options. */
export interface EntryOptions {
  /** How long the value lives. Default: the guard's ttl. */
  readonly ttl?: Duration
}

/** Options of `wrap`. */
export interface WrapOptions<Args extends readonly unknown[]> extends EntryOptions {
  /** The key of a call, from its arguments: everything that the result depends on must be in it. */
  readonly key: (...args: Args) => string
}

/** What `peek` finds. */
export type Peek<Value = unknown> =
  | { readonly hit: false }
  | {
      readonly hit: true
      readonly value: Value
      /** True when the ttl is over and the entry is kept all the same. */
      readonly stale: boolean
      /** Milliseconds since the value was written. */
      readonly ageMs: number
    }

/**
 * Loads values once and keeps them. Keys are text of 1 to 1024 bytes. Values are data, `null` included; every caller gets
 * a copy of its own.
 */
export interface Guard {
  /**
   * The cached value, or what `load` makes of the source. Callers who miss together share one load and its outcome, an
   * error too. When the store is away the value is loaded and not kept.
   *
   * `undefined` from `load` means "none" and is not cached; `null` is. A loader must not ask the guard for its own key.
   *
   * @throws whatever `load` throws
   * @throws ValueError when what `load` returns is no data, with the path of what is not
   * @throws KeyError for a key that cannot be stored
   * @example
   * const user = await guard.get(`user:${id}`, () => db.findUser(id))
   */
  get<Value>(key: string, load: Loader<Value>, options?: EntryOptions): Promise<Value>
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
  /**
   * Forgets a value; true when there was one. Call it after the source has changed. A load that is under way in this
   * process reaches those who wait for it and is not kept; the next `get` loads afresh.
   *
   * @throws StoreUnavailableError when the store does not answer: the old value may live until its ttl
   */
  delete(key: string): Promise<boolean>
  /**
   * Keeps a value, as if it had just been loaded, in place of whatever is there or under way in this process.
   *
   * @throws StoreUnavailableError when the store does not answer: the old value may live until its ttl
   */
  set(key: string, value: unknown, options?: EntryOptions): Promise<void>
  /**
   * What the cache holds, without loading or refreshing.
   *
   * @throws StoreUnavailableError when the store does not answer
   */
  peek<Value = unknown>(key: string): Promise<Peek<Value>>
}

/**
 * Makes a guard: a cache that fills itself, where a key that is in demand is loaded once, however many ask, and is
 * refreshed in the background before it expires, so that nobody waits for it again.
 *
 * Guards on one store share their flights by key, whatever their options: make one guard for each kind of thing, and
 * keep their keys apart by a namespace or by the key.
 *
 * @example
 * const guard = createGuard({ cache, ttl: '5m' })
 * const product = await guard.get(`product:${id}`, () => db.findProduct(id))
 * @throws OptionError for an option that is missing, unknown or of the wrong kind
 */
export function createGuard(options: GuardOptions): Guard {
  const config = parseGuardOptions(options)
  const { cache, clock } = config
  const flights = flightsOf(cache.store)
  const runner = createLoadRunner(config)
  const find = createFinder(config, flights, runner)
  const flightId = flightIds(cache)
  const ttlMsOf = (given: EntryOptions | undefined): number =>
    durationOption(given?.ttl, 'ttl', config.ttlMs)

  /** The type is the caller's word, as it is with `cache.get`: what is in the cache, some loader made. */
  const get = traceGet.wrap(
    async <Value>(key: string, load: Loader<Value>, ttlMs: number): Promise<Value> =>
      (await find({ id: flightId(key), key, load, ttlMs })) as Value,
    fieldsOf,
    () => undefined,
  )
  const forget = traceDelete.wrap(
    async (key: string) => flights.overtake(flightId(key), () => cache.delete(key)),
    fieldsOf,
    (deleted) => deleted,
  )
  const keep = traceSet.wrap(
    async (key: string, value: unknown, ttlMs: number) =>
      flights.overtake(flightId(key), () => runner.write(key, value, ttlMs)),
    fieldsOf,
    () => undefined,
  )

  return {
    async get(key, load, given) {
      checkLoader(load, 'load')
      checkEntryOptions('get', given)
      return get(key, load, ttlMsOf(given))
    },
    wrap(fn, given) {
      checkLoader(fn, 'fn')
      checkOptions('wrap', given, ['key', 'ttl'])
      const { key: keyOf } = given
      if (typeof keyOf !== 'function')
        throw wrongOption('key', 'a function of the arguments', keyOf)
      const ttlMs = ttlMsOf(given)
      return async function guarded(...args) {
        return get(keyOf(...args), () => fn(...args), ttlMs)
      }
    },
    delete: (key) => forget(key),
    async set(key, value, given) {
      checkEntryOptions('set', given)
      const ttlMs = ttlMsOf(given)
      if (value === undefined) {
        throw wrongOption('value', 'data (null is; to forget the key, delete it)', value)
      }
      await keep(key, value, ttlMs)
    },
    peek: async <Value>(key: string) => peekOf<Value>(await cache.get(key), clock.now()),
  }
}

function peekOf<Value>(found: unknown, nowMs: number): Peek<Value> {
  if (!isEntry(found)) return { hit: false }
  const { value, writtenAtMs, expiresAtMs } = found
  const ageMs = Math.max(0, nowMs - writtenAtMs)
  return { hit: true, value: value as Value, stale: nowMs >= expiresAtMs, ageMs }
}

/** Tells the flights of this view of the store from those of its other views. The length keeps the parts apart. */
function flightIds(cache: Cache): (key: string) => string {
  const view = cache.stateKey('guard', 'view')
  const scope = `${view.length}:${view}`
  return (key) => scope + key
}

function checkLoader(given: unknown, name: string): void {
  if (typeof given !== 'function') throw wrongOption(name, 'a function that loads the value', given)
}

function checkEntryOptions(owner: string, given: EntryOptions | undefined): void {
  if (given !== undefined) checkOptions(owner, given, ['ttl'])
}
