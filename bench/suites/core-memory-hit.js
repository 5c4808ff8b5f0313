import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { besideEach } from '../harness/budgets.js'
import { memoryPeers } from '../harness/memory-peers.js'
import { hits, object } from '../harness/work.js'

export const title = 'A hit in memory, of a 1 kB object'
export const unit = 'ns'
export const floor = 'Map'
export const note =
  'Map, cache-manager and "sluice, frozen" give every reader the same object (frozen: nobody can change it); the others each make a copy.'
export const budgets = besideEach(
  'sluice, frozen',
  ['cache-manager', 'keyv', 'cacheable', 'bentocache'],
  { atLeast: 2 },
)

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
