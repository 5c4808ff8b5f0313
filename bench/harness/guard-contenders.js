import { deepStrictEqual } from 'node:assert'
import { cachified } from '@epic-web/cachified'
import KeyvRedis from '@keyv/redis'
import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { createGuard } from '@sluice/stampede-guard'
import { createCache as createDedupe } from 'async-cache-dedupe'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisDriver } from 'bentocache/drivers/redis'
import { createCache as createCacheManager } from 'cache-manager'
import { Cacheable } from 'cacheable'
import { Redis } from 'ioredis'
import Keyv from 'keyv'
import { LRUCache } from 'lru-cache'
import { expectEqual, keys } from './work.js'

const url = process.env.BENCH_REDIS_URL

/** How many entries those keep that must be told. */
const max = 10_000

/**
 * Each in memory, as its documents set it up: `make(load, ttlMs)` makes a function that reads a key, and loads it where it
 * is missing. Only values within their ttl are served: no grace, no stale.
 */
export const inMemory = {
  sluice: (load, ttlMs) => guardOn(createCache(), load, ttlMs),
  'lru-cache fetch'(load, ttlMs) {
    const cache = new LRUCache({ max, ttl: ttlMs, fetchMethod: load })
    return (key) => cache.fetch(key)
  },
  'async-cache-dedupe': (load, ttlMs) =>
    dedupe({ type: 'memory', options: { size: max } }, load, ttlMs),
  'cache-manager wrap': (load, ttlMs) => wrap(createCacheManager(), load, ttlMs),
  cachified: (load, ttlMs) => cachifiedOn(new LRUCache({ max }), load, ttlMs),
  cacheable: (load, ttlMs) => getOrSet(new Cacheable(), load, ttlMs),
  bentocache: (load, ttlMs) =>
    bento(bentostore().useL1Layer(memoryDriver({ maxItems: max })), load, ttlMs),
}

/** The same on Redis alone, those that can. */
export const onRedis = {
  sluice: (load, ttlMs) => guardOn(createCache({ store: redisStore({ url }) }), load, ttlMs),
  'async-cache-dedupe': (load, ttlMs) =>
    dedupe({ type: 'redis', options: { client: new Redis(url) } }, load, ttlMs),
  'cache-manager wrap'(load, ttlMs) {
    const cache = createCacheManager({ stores: [new Keyv(new KeyvRedis(url))] })
    return wrap(cache, load, ttlMs)
  },
  cachified: (load, ttlMs) => cachifiedOn(redisOfCachified(), load, ttlMs),
  cacheable(load, ttlMs) {
    const cache = new Cacheable({ primary: new Keyv(new KeyvRedis(url)) })
    return getOrSet(cache, load, ttlMs)
  },
  bentocache(load, ttlMs) {
    const driver = redisDriver({ connection: new Redis(url) })
    return bento(bentostore().useL2Layer(driver), load, ttlMs)
  },
}

/** Those that Sluice must be ahead of. lru-cache is the floor in memory: no key is longer than it was, nothing is fenced. */
export const inMemoryPeers = Object.keys(inMemory).filter(
  (name) => name !== 'sluice' && name !== 'lru-cache fetch',
)
export const onRedisPeers = Object.keys(onRedis).filter((name) => name !== 'sluice')

/** No guard at all: what is missing is loaded, whoever else does. */
export function unguarded(load, ttlMs) {
  const redis = new Redis(url)
  return async (key) => {
    const text = await redis.get(`raw:${key}`)
    if (text !== null) return JSON.parse(text)
    const value = await load(key)
    await redis.set(`raw:${key}`, JSON.stringify(value), 'PX', ttlMs)
    return value
  }
}

/** A guard of Sluice on a cache. */
export function guardOn(cache, load, ttlMs) {
  const guard = createGuard({ cache, ttl: ttlMs })
  return (key) => guard.get(key, () => load(key))
}

function dedupe(storage, load, ttlMs) {
  const cache = createDedupe({ ttl: ttlMs / 1000, storage })
  cache.define('load', load)
  return (key) => cache.load(key)
}

function wrap(cache, load, ttlMs) {
  return (key) => cache.wrap(key, () => load(key), ttlMs)
}

function cachifiedOn(cache, load, ttl) {
  return (key) => cachified({ key, cache, ttl, getFreshValue: () => load(key) })
}

/** As the package's Redis adapters have it, which keep an entry for as long as it may be served. */
function redisOfCachified() {
  const redis = new Redis(url)
  return {
    get: async (key) => JSON.parse(await redis.get(key)),
    set: (key, entry) => redis.set(key, JSON.stringify(entry), 'PX', entry.metadata.ttl),
    delete: (key) => redis.del(key),
  }
}

function getOrSet(cache, load, ttl) {
  return (key) => cache.getOrSet(key, () => load(key), { ttl })
}

function bento(store, load, ttl) {
  const cache = new BentoCache({ default: 'one', stores: { one: store } })
  return (key) => cache.getOrSet({ key, ttl, factory: () => load(key) })
}

/** A contender whose work is a hit of `value`, a thousand keys in turn, driven by `width`. */
export async function guardHits(make, value, width) {
  let loads = 0
  const load = async () => {
    loads++
    return value
  }
  const get = make(load, 3_600_000)
  for (const key of keys) await get(key)
  return {
    run: width(get),
    async check() {
      const before = loads
      // Whatever the order of properties: async-cache-dedupe sorts them.
      for (const key of keys) deepStrictEqual(await get(key), value)
      expectEqual(loads, before)
    },
  }
}

/** Every one of `all` as a contender that `contend` makes of it. */
export function each(all, contend) {
  return Object.fromEntries(
    Object.entries(all).map(([name, make]) => [name, async () => contend(make, name)]),
  )
}
