import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import KeyvRedis from '@keyv/redis'
import { BentoCache, bentostore } from 'bentocache'
import { redisDriver } from 'bentocache/drivers/redis'
import { createCache as createCacheManager } from 'cache-manager'
import { Cacheable } from 'cacheable'
import { Redis } from 'ioredis'
import Keyv from 'keyv'
import { besideEach } from '../harness/budgets.js'
import { expectEqual, keys, object, parallel } from '../harness/work.js'

export const title = 'Get and set of a 1 kB object on Redis, 64 at a time'
export const unit = 'ns a pair'
export const floor = 'ioredis, auto-pipelining, JSON'
export const slice = 1280
export const note =
  'Sluice alone gives every command a deadline and fails fast while Redis is away; its JSON keeps dates, maps and big integers.'
export const budgets = [
  ...besideEach('sluice', ['ioredis, auto-pipelining, JSON'], { atLeast: 0.9 }),
  ...besideEach('sluice', ['cache-manager', 'keyv', 'cacheable', 'bentocache']),
]

const url = process.env.BENCH_REDIS_URL

async function contender(get, set, close) {
  for (const key of keys) await set(key, object)
  const pair = async (key) => {
    await set(key, object)
    return get(key)
  }
  return {
    run: parallel(64, pair),
    check: async () => expectEqual(await pair(keys[7]), object),
    close,
  }
}

function raw(options) {
  const redis = new Redis(url, options)
  const get = async (key) => JSON.parse(await redis.get(`raw:${key}`))
  return contender(get, (key, value) => redis.set(`raw:${key}`, JSON.stringify(value)))
}

export const contenders = {
  'ioredis, JSON': () => raw({}),
  'ioredis, auto-pipelining, JSON': () => raw({ enableAutoPipelining: true }),
  async sluice() {
    const cache = createCache({ store: redisStore({ url }) })
    return contender(
      (key) => cache.get(key),
      (key, value) => cache.set(key, value),
    )
  },
  async keyv() {
    const cache = new Keyv(new KeyvRedis(url))
    return contender(
      (key) => cache.get(key),
      (key, value) => cache.set(key, value),
    )
  },
  async 'cache-manager'() {
    const cache = createCacheManager({ stores: [new Keyv(new KeyvRedis(url))] })
    return contender(
      (key) => cache.get(key),
      (key, value) => cache.set(key, value),
    )
  },
  async cacheable() {
    const cache = new Cacheable({ primary: new Keyv(new KeyvRedis(url)) })
    return contender(
      (key) => cache.get(key),
      (key, value) => cache.set(key, value),
    )
  },
  async bentocache() {
    const connection = new Redis(url)
    const cache = new BentoCache({
      default: 'redis',
      stores: { redis: bentostore().useL2Layer(redisDriver({ connection })) },
    })
    return contender(
      (key) => cache.get({ key }),
      (key, value) => cache.set({ key, value }),
    )
  },
}
