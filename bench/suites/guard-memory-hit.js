import { createCache } from '@sluice/core'
import { each, guardHits, guardOn, inMemory } from '../harness/guard-contenders.js'
import { object, sequential } from '../harness/work.js'

export const title = 'A guarded hit in memory, of a 1 kB object'
export const unit = 'ns'
export const floor = 'lru-cache fetch'

const frozen = (load, ttlMs) => guardOn(createCache({ values: 'frozen' }), load, ttlMs)

export const contenders = each({ ...inMemory, 'sluice, frozen': frozen }, (make) =>
  guardHits(make, object, sequential),
)
