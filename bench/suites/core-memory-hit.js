import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { memoryPeers } from '../harness/memory-peers.js'
import { hits, object } from '../harness/work.js'

export const title = 'A hit in memory, of a 1 kB object'
export const unit = 'ns'
export const floor = 'Map'

const contender = hits(object)

function sluice(options) {
  const cache = createCache({ store: memoryStore(), ...options })
  return contender(
    (key) => cache.get(key),
    (key, value) => cache.set(key, value),
  )
}

export const contenders = {
  async Map() {
    const map = new Map()
    return contender(
      async (key) => map.get(key),
      async (key, value) => map.set(key, value),
    )
  },
  sluice: () => sluice({}),
  'sluice, frozen': () => sluice({ values: 'frozen' }),
  ...memoryPeers(contender),
}
