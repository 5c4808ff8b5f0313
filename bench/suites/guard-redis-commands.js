import { commandsSent } from '../harness/commands-sent.js'
import { each, guardHits, onRedis, unguarded } from '../harness/guard-contenders.js'
import { object, sequential } from '../harness/work.js'

export const title = 'Commands that are sent to Redis for a guarded hit'
export const unit = 'commands'
export const counted = true
export const floor = 'ioredis GET, JSON'
export const budgets = [{ contender: 'sluice', atMost: 1 }]

const count = 1000

export const measure = async ({ run }) => ({
  value: (await commandsSent(() => run(count))) / count,
})

export const contenders = each({ 'ioredis GET, JSON': unguarded, ...onRedis }, (make) =>
  guardHits(make, object, sequential),
)
