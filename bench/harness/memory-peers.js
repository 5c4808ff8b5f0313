import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { createCache as createCacheManager } from 'cache-manager'
import { Cacheable } from 'cacheable'
import Keyv from 'keyv'

/** Each peer in memory, as its documents set it up: `make(get, set)` makes a contender of it. */
export function memoryPeers(make) {
  const keyValue = (cache) =>
    make(
      (key) => cache.get(key),
      (key, value) => cache.set(key, value),
    )
  return {
    'cache-manager': async () => keyValue(createCacheManager()),
    keyv: async () => keyValue(new Keyv()),
    cacheable: async () => keyValue(new Cacheable()),
    async bentocache() {
      const cache = new BentoCache({
        default: 'memory',
        stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: 10_000 })) },
      })
      return make(
        (key) => cache.get({ key }),
        (key, value) => cache.set({ key, value }),
      )
    },
  }
}
