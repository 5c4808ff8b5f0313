import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { expectEqual, keys, object, parallel } from '../harness/work.js'

export const title = 'A get of a 1 kB object from Redis, 64 at a time, over so many connections'
export const unit = 'ns'
export const floor = '1 connection'
export const note =
  'One Redis has one thread for commands: more connections cost more writes and reads on both sides, and win where one of them waits for a long answer.'

async function contender(connections) {
  const store = redisStore({ url: process.env.BENCH_REDIS_URL, connections })
  const cache = createCache({ store })
  for (const key of keys) await cache.set(key, object)
  const get = (key) => cache.get(key)
  return { run: parallel(64, get), check: async () => expectEqual(await get(keys[7]), object) }
}

export const contenders = {
  '1 connection': () => contender(1),
  '4 connections': () => contender(4),
  '16 connections': () => contender(16),
  '64 connections': () => contender(64),
}
