import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { Redis } from 'ioredis'
import { expectEqual, keys, object } from '../harness/work.js'

export const title = 'getMany of 100 keys on Redis, 1 kB each'
export const unit = 'ns a batch'
export const floor = 'ioredis MGET, JSON'
export const slice = 50

const url = process.env.BENCH_REDIS_URL
const batch = keys.slice(0, 100)

function contender(getAll) {
  return {
    check: async () =>
      expectEqual(await getAll(), Object.fromEntries(batch.map((key) => [key, object]))),
    async run(n) {
      for (let at = 0; at < n; at++) await getAll()
    },
  }
}

export const contenders = {
  async 'ioredis MGET, JSON'() {
    const redis = new Redis(url)
    for (const key of batch) await redis.set(`raw:${key}`, JSON.stringify(object))
    return contender(async () => {
      const texts = await redis.mget(batch.map((key) => `raw:${key}`))
      return Object.fromEntries(texts.map((text, at) => [batch[at], JSON.parse(text)]))
    })
  },
  async sluice() {
    const cache = createCache({ store: redisStore({ url }) })
    await cache.setMany(batch.map((key) => [key, object]))
    return contender(async () => Object.fromEntries(await cache.getMany(batch)))
  },
}
