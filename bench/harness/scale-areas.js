import { createHash } from 'node:crypto'
import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { redisStore } from '@sluice/core/redis'
import { createLocks } from '@sluice/distributed-lock'
import { createRateLimiter } from '@sluice/rate-limiter'
import { createSessions } from '@sluice/session-store'
import { Redis } from 'ioredis'
import { fillWithCopies } from './copies.js'
import { expectEqual } from './work.js'

const value = { name: 'Ada Lovelace', city: 'London' }
const keyOf = (at) => `k${at}e`

/** A cache on a Redis, of which `name` keeps the keys apart. */
function cacheOn(url, name) {
  return createCache({ store: redisStore({ url, commandTimeout: '10s' }), prefix: name, ttl: '1d' })
}

/**
 * What is done to one of so many keys: each makes the function that does it to a key of this number, once so many keys
 * are there.
 */
export const areas = {
  async 'get, memory'(count) {
    const cache = createCache({ store: memoryStore({ maxEntries: count + 1 }), ttl: '1d' })
    await cache.setMany(Array.from({ length: count }, (_, at) => [keyOf(at), value]))
    return async (at) => expectSame(await cache.get(keyOf(at)), value)
  },
  async 'get, Redis'(count, url) {
    const cache = cacheOn(url, 'entries')
    await cache.set(keyOf(0), value)
    await fillWithCopies(url, 'entries', count, keyOf)
    return async (at) => expectSame(await cache.get(keyOf(at)), value)
  },
  async decision(count, url) {
    const cache = cacheOn(url, 'limits')
    const limiter = createRateLimiter({ cache, limit: 1_000_000, window: '1d', deadline: '10s' })
    await limiter.consume(keyOf(0))
    await fillWithCopies(url, 'limits', count, keyOf)
    return async (at) => {
      const { allowed, remaining } = await limiter.consume(keyOf(at))
      if (!allowed || remaining > 999_998) throw new Error('a state was not there')
    }
  },
  async 'session load'(count, url) {
    const sessions = createSessions({ cache: cacheOn(url, 'sessions'), idle: '1d' })
    const { token, session } = await sessions.create({ data: value })
    const [, secret] = token.split('.')
    // A record stands under the hash of the first half of its token, so that copies have tokens of their own.
    const handleOf = (at) => String(at).padStart(22, '-')
    const idOf = (at) => createHash('sha256').update(handleOf(at)).digest('base64url')
    await fillWithCopies(url, 'sessions', count, (at) => (at === 0 ? session.id : idOf(at)))
    return async (at) => {
      const loaded = await sessions.load(at === 0 ? token : `${handleOf(at)}.${secret}`)
      expectSame(loaded?.data, value)
    }
  },
  /** What stays of a lock that nobody holds is its fence. */
  async 'lock pair'(count, url) {
    const locks = createLocks({ cache: cacheOn(url, 'locks'), ttl: '10s' })
    const pair = async (at) => {
      const lock = await locks.acquire(keyOf(at))
      expectEqual(await lock.release(), 'released')
    }
    await pair(0)
    await fillWithCopies(url, 'locks', count, keyOf)
    return pair
  },
  /** For comparison: the cheapest that Redis does to a key. */
  async 'ioredis INCR'(count, url) {
    const redis = new Redis(url)
    await redis.set(`incr:${keyOf(0)}`, 1, 'PX', 86_400_000)
    await fillWithCopies(url, 'incr', count, keyOf)
    return async (at) => {
      if ((await redis.incr(`incr:${keyOf(at)}`)) < 2) throw new Error('a number was not there')
    }
  },
}

function expectSame(actual, expected) {
  if (actual?.name !== expected.name) throw new Error('a value was not there')
}
