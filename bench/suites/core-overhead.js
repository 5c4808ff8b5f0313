import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { LRUCache } from 'lru-cache'

export const title = 'Heap of an entry with a ttl, its key and 22 characters of text included'
export const unit = 'bytes'
export const floor = 'lru-cache'

const count = 200_000
const keyOf = (at) => `user:${at}`
const text = (at) => `"${String(at).padStart(20, '0')}"`

/** The heap that entries take, keys and texts included. */
export async function measure({ fill }) {
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  const kept = await fill()
  globalThis.gc()
  const value = (process.memoryUsage().heapUsed - before) / count
  return kept === undefined ? { value: 0 } : { value }
}

export const contenders = {
  async 'lru-cache'() {
    const fill = () => {
      const cache = new LRUCache({ max: count, ttl: 3_600_000 })
      for (let at = 0; at < count; at++) cache.set(`sluice:${keyOf(at)}`, text(at))
      return cache
    }
    return { fill }
  },
  async sluice() {
    const fill = async () => {
      const cache = createCache({ store: memoryStore({ maxEntries: count }), ttl: '1h' })
      for (let at = 0; at < count; at++) await cache.set(keyOf(at), String(at).padStart(20, '0'))
      return cache
    }
    return { fill }
  },
}
