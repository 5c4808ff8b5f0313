import { createCache } from '@sluice/core'
import { nearStore } from '@sluice/core/near'
import { redisStore } from '@sluice/core/redis'
import { besideEach } from '../harness/budgets.js'
import { expectEqual, keys, object, sequential } from '../harness/work.js'

export const title = 'A hit of a 1 kB object, near and on Redis, one after the other'
export const unit = 'ns'
export const floor = 'redisStore'
export const note =
  'Both copy the object for each reader; what changes on Redis is gone from the near store by a message.'
export const budgets = besideEach('nearStore', ['redisStore'], { atLeast: 10 })

const url = process.env.BENCH_REDIS_URL

async function contender(store) {
  const cache = createCache({ store })
  for (const key of keys) await cache.set(key, object)
  const get = (key) => cache.get(key)
  await sequential(get)(keys.length)
  return { run: sequential(get), check: async () => expectEqual(await get(keys[7]), object) }
}

export const contenders = {
  redisStore: () => contender(redisStore({ url })),
  nearStore: () => contender(nearStore(redisStore({ url }), { maxEntries: 10_000, ttl: '1m' })),
}
