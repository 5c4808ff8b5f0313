import { besideEach } from '../harness/budgets.js'
import { each, guardHits, onRedis, onRedisPeers, unguarded } from '../harness/guard-contenders.js'
import { object, sequential } from '../harness/work.js'

export const title = 'A guarded hit on Redis, of a 1 kB object, one after the other'
export const unit = 'ns'
export const floor = 'ioredis GET, JSON'
export const slice = 100
export const note =
  'The peers send a GET with no deadline; Sluice also fences: what was deleted while it was loaded is not written back.'
export const budgets = besideEach('sluice', onRedisPeers)

export const contenders = each({ 'ioredis GET, JSON': unguarded, ...onRedis }, (make) =>
  guardHits(make, object, sequential),
)
