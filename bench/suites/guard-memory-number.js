import { besideEach } from '../harness/budgets.js'
import { each, guardHits, inMemory, inMemoryPeers } from '../harness/guard-contenders.js'
import { sequential } from '../harness/work.js'

export const title = 'A guarded hit in memory, of a number'
export const unit = 'ns'
export const floor = 'lru-cache fetch'
export const budgets = [
  { contender: 'sluice', atMost: 1000 },
  ...besideEach('sluice', inMemoryPeers),
]

export const contenders = each(inMemory, (make) => guardHits(make, 42, sequential))
