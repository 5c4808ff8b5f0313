import type { Cache } from './cache.ts'
import { createTrace, type Trace, type TraceMessage } from './tracing.ts'
import { tracedKey, type TracedKey } from './tracing-key.ts'
import { baseOf, type View } from './view/view.ts'

/** Which cache it was. */
export interface CacheFields {
  /** The kind of the store: `'memory'`, `'redis'`. */
  readonly store: string
  /** The cache's prefix. Namespaces and tenants are part of the key instead. */
  readonly prefix: string
}

/** An operation on one entry. */
export interface EntryFields extends CacheFields {
  /** The whole key, prefix and namespaces included. */
  readonly key: TracedKey
}

/** An operation on a list of entries. */
export interface BatchFields extends CacheFields {
  /** How many were asked for. */
  readonly count: number
}

/** What a read found. */
export type Lookup = 'hit' | 'miss'

/** The tracing channels of a cache, with their messages. */
export interface CoreTraces {
  /** Each `get`. While somebody listens, `getNow` answers nothing, so that its callers ask `get`. */
  readonly 'sluice:core:get': TraceMessage<EntryFields, Lookup>
  /** Each read that deletes what it finds. */
  readonly 'sluice:core:take': TraceMessage<EntryFields, Lookup>
  /** The result of these: what the method answers. */
  readonly 'sluice:core:set': TraceMessage<EntryFields, boolean>
  /** Whether the entry was absent, and is written now. */
  readonly 'sluice:core:setIfAbsent': TraceMessage<EntryFields, boolean>
  /** Whether there was an entry. */
  readonly 'sluice:core:delete': TraceMessage<EntryFields, boolean>
  /** Whether there is an entry. */
  readonly 'sluice:core:has': TraceMessage<EntryFields, boolean>
  /** Ms that are left, `Infinity` without expiry, none without an entry. */
  readonly 'sluice:core:ttl': TraceMessage<EntryFields, number | undefined>
  /** Whether there was an entry, whose expiry is set now. */
  readonly 'sluice:core:expire': TraceMessage<EntryFields, boolean>
  /** Whether there was an entry, which lives for ever now. */
  readonly 'sluice:core:persist': TraceMessage<EntryFields, boolean>
  /** Whether there was an entry, which has the cache's ttl anew. */
  readonly 'sluice:core:touch': TraceMessage<EntryFields, boolean>
  /** Whether the entry was what was expected, and is swapped now. */
  readonly 'sluice:core:compareAndSwap': TraceMessage<EntryFields, boolean>
  /** The count is a value: it is not told of. */
  readonly 'sluice:core:increment': TraceMessage<EntryFields>
  /** The count is a value: it is not told of. */
  readonly 'sluice:core:decrement': TraceMessage<EntryFields>
  /** Once, however many attempts it takes. */
  readonly 'sluice:core:update': TraceMessage<EntryFields>
  /** The result of these: how many entries were found, written, deleted. */
  readonly 'sluice:core:getMany': TraceMessage<BatchFields, number>
  /** How many entries were written. */
  readonly 'sluice:core:setMany': TraceMessage<BatchFields, number>
  /** How many entries were there. */
  readonly 'sluice:core:deleteMany': TraceMessage<BatchFields, number>
  /** How many keys came out of the walk, when it ends or is left. */
  readonly 'sluice:core:keys': TraceMessage<CacheFields, number>
  /** How many keys match. */
  readonly 'sluice:core:keysMatching': TraceMessage<CacheFields, number>
  /** How many keys match. */
  readonly 'sluice:core:countMatching': TraceMessage<CacheFields, number>
  /** How many entries were deleted. */
  readonly 'sluice:core:deleteMatching': TraceMessage<CacheFields, number>
  /** How many entries were deleted, by `clear` or `clearNamespace`. */
  readonly 'sluice:core:clear': TraceMessage<CacheFields, number>
}

const onEntry = <Result>(verb: string): Trace<EntryFields, Result> => createTrace('core', verb)
const onBatch = (verb: string): Trace<BatchFields, number> => createTrace('core', verb)
const onCache = (verb: string): Trace<CacheFields, number> => createTrace('core', verb)

const traces = {
  get: onEntry<Lookup>('get'),
  take: onEntry<Lookup>('take'),
  set: onEntry<boolean>('set'),
  setIfAbsent: onEntry<boolean>('setIfAbsent'),
  delete: onEntry<boolean>('delete'),
  has: onEntry<boolean>('has'),
  ttl: onEntry<number | undefined>('ttl'),
  expire: onEntry<boolean>('expire'),
  persist: onEntry<boolean>('persist'),
  touch: onEntry<boolean>('touch'),
  compareAndSwap: onEntry<boolean>('compareAndSwap'),
  increment: onEntry<undefined>('increment'),
  decrement: onEntry<undefined>('decrement'),
  update: onEntry<undefined>('update'),
  getMany: onBatch('getMany'),
  setMany: onBatch('setMany'),
  deleteMany: onBatch('deleteMany'),
  keys: onCache('keys'),
  keysMatching: onCache('keysMatching'),
  countMatching: onCache('countMatching'),
  deleteMatching: onCache('deleteMatching'),
  clear: onCache('clear'),
}

type EntryVerbs = Pick<Cache, 'get' | 'getNow' | 'set' | 'delete' | 'has' | 'take' | 'setIfAbsent'>
type ExpiryVerbs = Pick<Cache, 'ttl' | 'expire' | 'persist' | 'touch'>
type AtomicVerbs = Pick<Cache, 'increment' | 'decrement' | 'compareAndSwap' | 'update'>
type BatchVerbs = Pick<Cache, 'getMany' | 'setMany' | 'deleteMany'>
type PatternVerbs = Pick<
  Cache,
  'keys' | 'keysMatching' | 'countMatching' | 'deleteMatching' | 'clear'
>

/** The verbs that are told of, as the view makes them. `clearNamespace` is a `clear` of the namespace. */
interface Verbs {
  readonly entry: EntryVerbs
  readonly expiry: ExpiryVerbs
  readonly atomic: AtomicVerbs
  readonly batch: BatchVerbs
  readonly pattern: PatternVerbs
}

type TracedVerbs = EntryVerbs & ExpiryVerbs & AtomicVerbs & BatchVerbs & PatternVerbs

/** The verbs of a view, told of on their channels: one event a call, none for what a call does inside. */
export function tracedVerbs(
  view: View,
  { entry, expiry, atomic, batch, pattern }: Verbs,
): TracedVerbs {
  const fields = { store: view.store.kind, prefix: view.prefix }
  const base = baseOf(view)
  const entryOf = (key: unknown): EntryFields => ({
    ...fields,
    key: tracedKey(() => base + String(key)),
  })
  const cacheOf = (): CacheFields => fields
  const { getMany, setMany, deleteMany } = tracedBatches(fields, batch)
  // Named one by one: a tenant's view is made for every request, and spreading them takes forty times as long.
  return {
    get: traces.get.wrap(entry.get, entryOf, lookup),
    getNow: (key) => (traces.get.active ? undefined : entry.getNow(key)),
    take: traces.take.wrap(entry.take, entryOf, lookup),
    set: traces.set.wrap(entry.set, entryOf, itself),
    setIfAbsent: traces.setIfAbsent.wrap(entry.setIfAbsent, entryOf, itself),
    delete: traces.delete.wrap(entry.delete, entryOf, itself),
    has: traces.has.wrap(entry.has, entryOf, itself),
    ttl: traces.ttl.wrap(expiry.ttl, entryOf, itself),
    expire: traces.expire.wrap(expiry.expire, entryOf, itself),
    persist: traces.persist.wrap(expiry.persist, entryOf, itself),
    touch: traces.touch.wrap(expiry.touch, entryOf, itself),
    compareAndSwap: traces.compareAndSwap.wrap(atomic.compareAndSwap, entryOf, itself),
    increment: traces.increment.wrap(atomic.increment, entryOf, unsaid),
    decrement: traces.decrement.wrap(atomic.decrement, entryOf, unsaid),
    update: traces.update.wrap(atomic.update, entryOf, unsaid),
    getMany,
    setMany,
    deleteMany,
    keys: tracedKeys(fields, pattern.keys),
    keysMatching: traces.keysMatching.wrap(pattern.keysMatching, cacheOf, ({ length }) => length),
    countMatching: traces.countMatching.wrap(pattern.countMatching, cacheOf, itself),
    deleteMatching: traces.deleteMatching.wrap(pattern.deleteMatching, cacheOf, itself),
    clear: traces.clear.wrap(pattern.clear, cacheOf, itself),
  }
}

const itself = <Value>(value: Value): Value => value
const unsaid = (): undefined => undefined
const lookup = (value: unknown): Lookup => (value === undefined ? 'miss' : 'hit')

/** A list that can be walked over once is copied before it is counted, and only while somebody listens. */
function tracedBatches(fields: CacheFields, verbs: BatchVerbs): BatchVerbs {
  const batchOf = (items: Iterable<unknown>): BatchFields => ({
    ...fields,
    count: [...items].length,
  })
  const getMany = traces.getMany.wrap(verbs.getMany, batchOf, ({ size }) => size)
  const setMany = traces.setMany.wrap(verbs.setMany, batchOf, itself)
  const deleteMany = traces.deleteMany.wrap(verbs.deleteMany, batchOf, itself)
  return {
    getMany: <Value>(keys: Iterable<string>) =>
      traces.getMany.active
        ? listed(keys).then((list) => getMany<Value>(list))
        : verbs.getMany<Value>(keys),
    setMany: (entries, ttl) =>
      traces.setMany.active
        ? listed(entries).then((list) => setMany(list, ttl))
        : verbs.setMany(entries, ttl),
    deleteMany: (keys) =>
      traces.deleteMany.active ? listed(keys).then(deleteMany) : verbs.deleteMany(keys),
  }
}

/** Rejects where there is no list, as the verbs do. */
async function listed<Item>(items: Iterable<Item>): Promise<readonly Item[]> {
  return [...items]
}

function tracedKeys(fields: CacheFields, keys: Cache['keys']): Cache['keys'] {
  return (pattern, options) => {
    const walk = keys(pattern, options)
    return traces.keys.active ? toldWalk(walk, fields) : walk
  }
}

/** One event for a whole walk, from its first key to its end, wherever the reader breaks off. */
async function* toldWalk(
  keys: AsyncIterable<string>,
  fields: CacheFields,
): AsyncGenerator<string, void, undefined> {
  let end = (_outcome: Promise<number>): void => undefined
  const walking = traces.keys.wrap(
    () => new Promise<number>((resolve) => (end = resolve)),
    () => fields,
    itself,
  )
  walking().catch(() => undefined)
  let count = 0
  try {
    for await (const key of keys) {
      count++
      yield key
    }
  } catch (error) {
    end(Promise.reject(error as Error))
    throw error
  } finally {
    end(Promise.resolve(count))
  }
}
