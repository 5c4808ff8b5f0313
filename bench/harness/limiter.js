import { subscribe } from 'node:diagnostics_channel'
import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { createRateLimiter } from '@sluice/rate-limiter'
import { Redis } from 'ioredis'
import { RedisStore } from 'rate-limit-redis'
import { RateLimiterRedis } from 'rate-limiter-flexible'

export const url = process.env.BENCH_REDIS_URL

// A limiter whose store fails goes on without it, which is another work than the one that is measured.
subscribe('sluice:rate-limiter:failure', ({ error }) => {
  throw error
})

/** So many units a minute, and such patience, that a slow moment of the machine changes no answer. */
export const ample = { limit: 10_000_000, window: '1m', deadline: '10s' }

/** A cache on Redis, as an application makes it. */
export function redisCache(prefix = 'sluice') {
  return createCache({ store: redisStore({ url }), prefix })
}

/** A limiter on Redis. */
export function redisLimiter(options) {
  return createRateLimiter({ cache: redisCache(), deadline: '10s', ...options })
}

/** A client with the options of those that Sluice opens itself. */
export async function plainClient(options) {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    lazyConnect: true,
    ...options,
  })
  await redis.connect()
  return redis
}

/** As its documents set it up, on ioredis. */
export function flexible(options, client = new Redis(url)) {
  return new RateLimiterRedis({
    storeClient: client,
    points: ample.limit,
    duration: 60,
    ...options,
  })
}

/** The store of express-rate-limit, as its documents set it up on ioredis. */
export function redisStoreOfPeer(client = new Redis(url), options = {}) {
  return new RedisStore({ sendCommand: (...args) => client.call(...args), ...options })
}

/** The same, ready to be called without express-rate-limit. */
export async function startedStoreOfPeer(client) {
  const store = redisStoreOfPeer(client)
  await store.init({ windowMs: 60_000 })
  return store
}
