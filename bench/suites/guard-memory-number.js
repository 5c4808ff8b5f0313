import { each, guardHits, inMemory } from '../harness/guard-contenders.js'
import { sequential } from '../harness/work.js'

export const title = 'A guarded hit in memory, of a number'
export const unit = 'ns'
export const floor = 'lru-cache fetch'

export const contenders = each(inMemory, (make) => guardHits(make, 42, sequential))
