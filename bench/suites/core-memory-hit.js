import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { createCache as createCacheManager } from 'cache-manager'
import { Cacheable } from 'cacheable'
import Keyv from 'keyv'
import { expectEqual, keys, object, sequential } from '../harness/work.js'

export const title = 'A hit in memory, of a 1 kB object'
export const unit = 'ns'
export const floor = 'Map'

async function contender(get, set) {
  for (const key of keys) await set(key, object)
  return { run: sequential(get), check: async () => expectEqual(await get(keys[7]), object) }
}

export const contenders = {
  async Map() {
    const map = new Map()
    return contender(
      async (key) => map.get(key),
      async (key, value) => map.set(key, value),
    )
  },
  async sluice() {
    const cache = createCache({ store: memoryStore() })
    return contender(
      (key) => cache.get(key),
      (key, value) => cache.set(key, value),
    )
  },
  async 'sluice, frozen'() {
    const cache = createCache({ store: memoryStore(), values: 'frozen' })
    return contender(
      (key) => cache.get(key),
      (key, value) => cache.set(key, value),
    )
  },
  async 'cache-manager'() {
    const cache = createCacheManager()
    return contender(
      (key) => cache.get(key),
      (key, value) => cache.set(key, value),
    )
  },
  async keyv() {
    const cache = new Keyv()
    return contender(
      (key) => cache.get(key),
      (key, value) => cache.set(key, value),
    )
  },
  async cacheable() {
    const cache = new Cacheable()
    return contender(
      (key) => cache.get(key),
      (key, value) => cache.set(key, value),
    )
  },
  async bentocache() {
    const cache = new BentoCache({
      default: 'memory',
      stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: 10_000 })) },
    })
    return contender(
      (key) => cache.get({ key }),
      (key, value) => cache.set({ key, value }),
    )
  },
}
