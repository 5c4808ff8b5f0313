import type { Cache } from '../cache.ts'
import { encode, valueReader } from './values.ts'
import { keyMaker, ttlOf, type View } from './view.ts'

type BatchVerbs = Pick<Cache, 'getMany' | 'setMany' | 'deleteMany'>

/** Many entries at once. */
export function batchVerbs(view: View): BatchVerbs {
  const { store, counters } = view
  const entryKey = keyMaker(view)
  const read = valueReader(counters)
  return {
    async getMany<Value>(keys: Iterable<string>) {
      const names = [...new Set(keys)]
      const texts = names.length === 0 ? [] : await store.getMany(names.map(entryKey))
      const found = new Map<string, Value>()
      names.forEach((name, at) => {
        const value = read<Value>(texts[at])
        if (value !== undefined) found.set(name, value)
      })
      return found
    },
    async setMany(entries, ttl) {
      const ms = ttlOf(view, ttl)
      const texts = new Map<string, string>()
      for (const [key, value] of entries) texts.set(entryKey(key), encode(value))
      if (texts.size > 0) await store.setMany([...texts], ms === Infinity ? undefined : ms)
      counters?.add('sets', texts.size)
      return texts.size
    },
    async deleteMany(keys) {
      const names = [...new Set(keys)].map(entryKey)
      const deleted = names.length === 0 ? 0 : await store.delete(names)
      counters?.add('deletes', deleted)
      return deleted
    },
  }
}
