import { setTimeout as sleep } from 'node:timers/promises'
import { createCache } from '@sluice/core'
import { nearStore } from '@sluice/core/near'
import { redisStore } from '@sluice/core/redis'
import { createLocks } from '@sluice/distributed-lock'
import { createConcurrencyLimiter, createRateLimiter } from '@sluice/rate-limiter'
import { createSessions } from '@sluice/session-store'
import { createGuard } from '@sluice/stampede-guard'
import { object } from './work.js'

const url = process.env.BENCH_REDIS_URL

/** A process of an application. */
export function openCache() {
  return createCache({ store: redisStore({ url }), prefix: 'shop', ttl: '1h' })
}

const limited = (options) => {
  const limiter = createRateLimiter({ cache: openCache(), deadline: '10s', ...options })
  const consume = (name) => limiter.consume(name)
  return { put: consume, use: consume }
}
const minute = { limit: 100, window: '1m' }
const policies = [
  { name: 'burst', limit: 10, window: '1s' },
  { name: 'minute', ...minute },
  { name: 'daily', limit: 5000, window: '1d' },
]
const data = { cart: [1, 2, 3], theme: 'dark' }
const load = async () => object

/**
 * What costs something, by name: each makes `put(name)`, which leaves one of it behind, and `use(name)`, which is counted
 * afterwards; `prepare(name)` and `settle()` come before and after that.
 */
export const costs = {
  'cached value, 1 kB: a get'() {
    const cache = openCache()
    const put = (name) => cache.set(name, object)
    return { put, prepare: put, use: (name) => cache.get(name) }
  },
  'the same in a near store: a hit'() {
    const cache = createCache({ store: nearStore(redisStore({ url })), prefix: 'shop', ttl: '1h' })
    const prepare = async (name) => {
      await cache.set(name, object)
      // What this process has just written is not kept yet.
      await sleep(5)
      await cache.get(name)
    }
    return { prepare, use: (name) => cache.get(name) }
  },
  'limited client: a decision': () => limited(minute),
  'limited client, three policies: a decision': () => limited({ policies }),
  'limited client, lease: 10: a decision'() {
    const { use } = limited({ ...minute, limit: 10_000, lease: 10 })
    return { use: () => use('all') }
  },
  'limited client: a refusal again'() {
    const { put, use } = limited({ ...minute, limit: 1 })
    const prepare = async (name) => void (await put(name), await put(name))
    return { prepare, use }
  },
  'request in flight: in and out'() {
    const gate = createConcurrencyLimiter({
      cache: openCache(),
      maxConcurrent: 10,
      deadline: '10s',
    })
    const use = async (name) => (await gate.enter(name)).release()
    return { put: (name) => gate.enter(name), use }
  },
  'session of a visitor: a request that reads'() {
    const sessions = createSessions({ cache: openCache() })
    const tokens = new Map()
    const prepare = async (name) => tokens.set(name, (await sessions.create({ data })).token)
    return {
      put: () => sessions.create({ data }),
      prepare,
      use: (name) => sessions.load(tokens.get(name)),
    }
  },
  'session of a user: a request that writes'() {
    const sessions = createSessions({ cache: openCache() })
    const create = (userId) => sessions.create({ userId, data })
    const tokens = new Map()
    const prepare = async (name) => tokens.set(name, (await create(name)).token)
    const use = async (name) => {
      await sessions.commit(await sessions.load(tokens.get(name)), { theme: 'light' })
    }
    return { put: create, prepare, use }
  },
  'lock that is held: taking and giving back'() {
    const locks = createLocks({ cache: openCache(), ttl: '1m' })
    const use = async (name) => (await locks.acquire(name)).release()
    return { put: (name) => locks.acquire(name), use }
  },
  'fence of a lock that was given back'() {
    const locks = createLocks({ cache: openCache(), ttl: '1m' })
    return { put: async (name) => (await locks.acquire(name)).release() }
  },
  'waiter for a lock'() {
    const locks = createLocks({ cache: openCache(), ttl: '1m' })
    let holding
    const put = async () => {
      holding ??= locks.acquire('one')
      await holding
      void locks.acquire('one', { wait: '1m' }).catch(() => {})
      await sleep(2)
    }
    return { put }
  },
  'guarded value, 1 kB: a hit'() {
    const guard = createGuard({ cache: openCache(), ttl: '1h' })
    const put = (name) => guard.set(name, object)
    return { put, prepare: put, use: (name) => guard.get(name, load) }
  },
  'guarded value: a miss'() {
    const guard = createGuard({ cache: openCache(), ttl: '1h' })
    return { use: (name) => guard.get(name, load) }
  },
  'guarded value: a hit that refreshes'() {
    const guard = createGuard({ cache: openCache(), ttl: '1h', early: 0.000_001 })
    const prepare = async (name) => {
      await guard.set(name, object)
      await sleep(5)
    }
    return { prepare, use: (name) => guard.get(name, load), settle: () => guard.close('10s') }
  },
  'tag: invalidating it'() {
    const guard = createGuard({ cache: openCache(), ttl: '1h' })
    const put = (tag) => guard.set('one', 1, { tags: [tag] })
    return { put, prepare: put, use: (tag) => guard.invalidateTags([tag]) }
  },
}
