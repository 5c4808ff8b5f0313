import { createCache } from '@sluice/core'
import { besideEach } from '../harness/budgets.js'
import { each, guardHits, guardOn, inMemory, inMemoryPeers } from '../harness/guard-contenders.js'
import { object, sequential } from '../harness/work.js'

export const title = 'A guarded hit in memory, of a 1 kB object'
export const unit = 'ns'
export const floor = 'lru-cache fetch'
export const note =
  'lru-cache, async-cache-dedupe, cache-manager, cachified and "sluice, frozen" give every reader the same object (frozen: nobody can change it); the others each make a copy.'
export const budgets = [
  { contender: 'sluice, frozen', atMost: 1000 },
  ...besideEach('sluice, frozen', inMemoryPeers),
]

const frozen = (load, ttlMs) => guardOn(createCache({ values: 'frozen' }), load, ttlMs)

export const contenders = each({ ...inMemory, 'sluice, frozen': frozen }, (make) =>
  guardHits(make, object, sequential),
)
