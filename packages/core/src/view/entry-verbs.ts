import type { Cache, SetOptions } from '../cache.ts'
import type { Duration } from '../duration.ts'
import { OptionError } from '../errors.ts'
import { exists, replace, take } from '../operations/entry.ts'
import { booleanOption, checkOptions } from '../options.ts'
import type { Payload } from '../payload.ts'
import type { StoreSetOptions } from '../store.ts'
import { valueReader } from './values.ts'
import { finite, keyMaker, recallingKeyMaker, ttlOf, type View } from './view.ts'

type EntryVerbs = Pick<Cache, 'get' | 'getNow' | 'set' | 'delete' | 'has' | 'take' | 'setIfAbsent'>

/** One entry: read, written, deleted. */
export function entryVerbs(view: View): EntryVerbs {
  const { store, counters, values } = view
  const entryKey = keyMaker(view)
  const knownKey = recallingKeyMaker(view)
  const read = valueReader(values, counters)
  return {
    async get<Value>(key: string) {
      const entry = knownKey(key)
      return read<Value>(entry, store.get.now?.(entry) ?? (await store.get(entry)))
    },
    getNow<Value>(key: string) {
      const entry = knownKey(key)
      const payload = store.get.now?.(entry)
      const value = payload === undefined ? undefined : values.decode<Value>(entry, payload)
      if (value !== undefined) counters?.add('hits', 1)
      return value
    },
    async set(key, value, options) {
      const written = await write(view, entryKey(key), values.encode(value), options)
      if (written) counters?.add('sets', 1)
      return written
    },
    async delete(key) {
      const deleted = (await store.delete([entryKey(key)])) === 1
      if (deleted) counters?.add('deletes', 1)
      return deleted
    },
    has: async (key) => store.run(exists, { key: entryKey(key) }),
    async take<Value>(key: string) {
      const entry = entryKey(key)
      const value = read<Value>(entry, await store.run(take, { key: entry }))
      if (value !== undefined) counters?.add('deletes', 1)
      return value
    },
    async setIfAbsent(key, value, ttl) {
      const options = ttl === undefined ? { ifAbsent: true } : { ttl, ifAbsent: true }
      const written = await write(view, entryKey(key), values.encode(value), options)
      if (written) counters?.add('sets', 1)
      return written
    },
  }
}

function write(
  view: View,
  key: string,
  payload: Payload,
  options: Duration | SetOptions | undefined,
): Promise<boolean> {
  if (typeof options !== 'object' || options === null) {
    return view.store.set(key, payload, expiryOf(ttlOf(view, options)))
  }
  const { ttl, when, keepTtl } = parseSetOptions(options)
  if (keepTtl) {
    const created = finite(view.defaultTtlMs)
    return view.store.run(replace, { key, payload, present: when === 'present', ttlMs: created })
  }
  return view.store.set(key, payload, { ...expiryOf(ttlOf(view, ttl)), ...(when && { when }) })
}

interface ParsedSetOptions {
  readonly ttl: Duration | undefined
  readonly when: StoreSetOptions['when'] | undefined
  readonly keepTtl: boolean
}

function parseSetOptions(options: SetOptions): ParsedSetOptions {
  checkOptions('set', options, ['ttl', 'ifAbsent', 'ifPresent', 'keepTtl'])
  const ifAbsent = booleanOption(options.ifAbsent, 'ifAbsent', false)
  const ifPresent = booleanOption(options.ifPresent, 'ifPresent', false)
  const keepTtl = booleanOption(options.keepTtl, 'keepTtl', false)
  if (ifAbsent && (ifPresent || keepTtl)) {
    throw new OptionError('Give "ifAbsent" alone: what is absent is not present and has no ttl.')
  }
  if (keepTtl && options.ttl !== undefined) {
    throw new OptionError('Give either "ttl" or "keepTtl", not both.')
  }
  return {
    ttl: options.ttl,
    when: ifAbsent ? 'absent' : ifPresent ? 'present' : undefined,
    keepTtl,
  }
}

function expiryOf(ms: number): StoreSetOptions {
  return ms === Number.POSITIVE_INFINITY ? {} : { ttlMs: ms }
}
