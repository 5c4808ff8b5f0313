import type { Cache } from '../cache.ts'
import type { Payload } from '../payload.ts'
import { withOwnKeys } from './own-keys.ts'
import { valueReader } from './values.ts'
import { baseOf, keyMaker, ttlOf, type View } from './view.ts'

type BatchVerbs = Pick<Cache, 'getMany' | 'setMany' | 'deleteMany'>

/** Many entries at once. */
export function batchVerbs(view: View): BatchVerbs {
  const { store, counters, values } = view
  const entryKey = keyMaker(view)
  const base = baseOf(view)
  const read = valueReader(values, counters)
  return {
    async getMany<Value>(keys: Iterable<string>) {
      const names = [...new Set(keys)]
      const entryKeys = names.map(entryKey)
      const payloads = names.length === 0 ? [] : await withOwnKeys(base, store.getMany(entryKeys))
      const found = new Map<string, Value>()
      names.forEach((name, at) => {
        const value = read<Value>(entryKeys[at] ?? name, payloads[at])
        if (value !== undefined) found.set(name, value)
      })
      return found
    },
    async setMany(entries, ttl) {
      const ms = ttlOf(view, ttl)
      const payloads = new Map<string, Payload>()
      for (const [key, value] of entries) payloads.set(entryKey(key), values.encode(value))
      if (payloads.size > 0) {
        const expiry = ms === Infinity ? undefined : ms
        await withOwnKeys(base, store.setMany([...payloads], expiry))
      }
      counters?.add('sets', payloads.size)
      return payloads.size
    },
    async deleteMany(keys) {
      const names = [...new Set(keys)].map(entryKey)
      const deleted = names.length === 0 ? 0 : await withOwnKeys(base, store.delete(names))
      counters?.add('deletes', deleted)
      return deleted
    },
  }
}
