import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { LRUCache } from 'lru-cache'
import { expectEqual } from '../harness/work.js'

export const title = 'Heap of an entry with a ttl, its key and 22 characters of text included'
export const unit = 'bytes'
export const floor = 'lru-cache'
export const budgets = [{ contender: 'sluice', atMost: 250 }]

const count = 200_000
const keyOf = (at) => `user:${at}`
const textOf = (at) => String(at).padStart(20, '0')

/** The heap that entries take, keys and texts included. */
export async function measure({ fill }) {
  globalThis.gc()
  const before = process.memoryUsage().heapUsed
  const read = await fill(count)
  globalThis.gc()
  const value = (process.memoryUsage().heapUsed - before) / count
  // What is read below is kept until here.
  expectEqual(await read(7), textOf(7))
  return { value }
}

/** @param fill makes so many entries, and a function that reads one */
function contender(fill) {
  return { fill, check: async () => expectEqual(await (await fill(10))(7), textOf(7)) }
}

export const contenders = {
  'lru-cache': async () =>
    contender((entries) => {
      const cache = new LRUCache({ max: entries, ttl: 3_600_000 })
      for (let at = 0; at < entries; at++) cache.set(`sluice:${keyOf(at)}`, `"${textOf(at)}"`)
      return (at) => JSON.parse(cache.get(`sluice:${keyOf(at)}`))
    }),
  sluice: async () =>
    contender(async (entries) => {
      const cache = createCache({ store: memoryStore({ maxEntries: entries }), ttl: '1h' })
      for (let at = 0; at < entries; at++) await cache.set(keyOf(at), textOf(at))
      return (at) => cache.get(keyOf(at))
    }),
}
