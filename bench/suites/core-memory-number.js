import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { besideEach } from '../harness/budgets.js'
import { memoryPeers } from '../harness/memory-peers.js'
import { hits } from '../harness/work.js'

export const title = 'A hit in memory, of a number'
export const unit = 'ns'
export const floor = 'Map'
export const budgets = besideEach('sluice', ['cache-manager', 'keyv', 'cacheable', 'bentocache'], {
  atLeast: 2,
})

const contender = hits(42)

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
  ...memoryPeers(contender),
}
