import { each, guardHits, onRedis, unguarded } from '../harness/guard-contenders.js'
import { object, sequential } from '../harness/work.js'

export const title = 'A guarded hit on Redis, of a 1 kB object, one after the other'
export const unit = 'ns'
export const floor = 'ioredis GET, JSON'
export const slice = 500

export const contenders = each({ 'ioredis GET, JSON': unguarded, ...onRedis }, (make) =>
  guardHits(make, object, sequential),
)
