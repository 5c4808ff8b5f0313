import { createCache, type RootCache } from '@sluice/core'
import { redisStore, type RedisStoreOptions } from '@sluice/core/redis'
import { createLocks } from '@sluice/distributed-lock'
import { createRateLimiter, createConcurrencyLimiter } from '@sluice/rate-limiter'
import { expressRateLimitStore } from '@sluice/rate-limiter/express-rate-limit'
import { createSessions } from '@sluice/session-store'
import { koaSessionStore } from '@sluice/session-store/koa-session'
import { createGuard } from '@sluice/stampede-guard'
import { waitUntil } from '@sluice/testkit'

/** A shop that uses every package, as it is left for an inspection. */
export interface Shop {
  readonly cache: RootCache
  close(): Promise<void>
}

/** What ends what a part of the shop has started. */
type End = () => unknown

const window = '30d'

/** Fills a prefix through the packages themselves, with numbers that a test can name. */
export async function fillShop(prefix: string, options: RedisStoreOptions): Promise<Shop> {
  const cache = createCache({ store: redisStore(options), prefix })
  await fillEntries(cache)
  await fillSessions(cache)
  await fillLimits(cache)
  const ends = [await fillLocks(cache), await fillGuard(cache)]
  return {
    cache,
    async close() {
      for (const end of ends) await end()
      await cache.close()
    },
  }
}

/** 56 entries: 40 products, 10 users, 3 without a namespace and a ttl, 2 of a namespace, 1 that ends soon. */
async function fillEntries(cache: RootCache): Promise<void> {
  for (let id = 0; id < 40; id++) await cache.set(`product:${id}`, 'x'.repeat(100), '10m')
  for (let id = 0; id < 10; id++) await cache.set(`user:${id}`, { name: 'Ada' }, '2h')
  for (const name of ['flag-a', 'flag-b', 'flag-c']) await cache.set(name, true)
  await cache.namespace('eu').set('product:1', 1, '3d')
  await cache.namespace('eu').set('product:2', 'y'.repeat(20_000), '3d')
  await cache.set('soon', 1, '30s')
}

/** 7 sessions: 3 of Ada, 1 of Bob, 3 of nobody. One of Eve ends at once. Another middleware has 1, and a mark of 1. */
async function fillSessions(cache: RootCache): Promise<void> {
  const sessions = createSessions({ cache })
  for (const userId of ['ada', 'ada', 'ada', 'bob']) await sessions.create({ userId })
  for (let visitor = 0; visitor < 3; visitor++) await sessions.create({ data: { cart: ['lamp'] } })
  const { session } = await sessions.create({ userId: 'eve' })
  await sessions.destroy(session.id)
  const others = koaSessionStore({ cache, adopt: async () => undefined })
  for (const sid of ['here', 'gone']) await others.set(sid, { cart: ['lamp'] }, 60_000)
  await others.destroy('gone')
}

/** 9 limits that count: 9 of 10, 50 of 100 and one of every other kind. Two keys are blocked. */
async function fillLimits(cache: RootCache): Promise<void> {
  const plain = createRateLimiter({ cache, limit: 10, window })
  await plain.consume('10.0.0.1', { cost: 9 })
  const wide = createRateLimiter({ cache, limit: 100, window, algorithm: 'fixed-window' })
  await wide.consume('half', { cost: 50 })
  await wide.consume('all', { cost: 100 })
  const log = createRateLimiter({ cache, limit: 20, window, algorithm: 'sliding-log' })
  for (const cost of [10, 5, 2]) await log.consume('logged', { cost })
  const bucket = createRateLimiter({ cache, limit: 30, window, algorithm: 'token-bucket' })
  await bucket.consume('bucket', { cost: 12 })
  const login = createRateLimiter({ cache, name: 'login', limit: 5, window })
  await login.consume('ada', { cost: 4 })
  await login.block('mallory', '2h')
  await plain.block('10.0.0.9', '1h')
  const both = createRateLimiter({
    cache,
    policies: [{ name: 'per day', limit: 4, window: '30d', algorithm: 'fixed-window' }],
  })
  await both.consume('7', { cost: 4 })
  const exports = createConcurrencyLimiter({ cache, maxConcurrent: 2, lease: '1h' })
  await exports.enter('ada')
  await exports.enter('ada')
  const hits = expressRateLimitStore({ cache, prefix: 'api' })
  void hits.init?.({ windowMs: 60_000 } as never)
  for (let count = 0; count < 3; count++) await hits.increment('10.0.0.2')
}

/** 4 names held by 6 leases, 2 of them waited for; one more is remembered. */
async function fillLocks(cache: RootCache): Promise<End> {
  const locks = createLocks({ cache, ttl: '1m' })
  const held = [
    await locks.acquire('order:7'),
    await locks.semaphore('payments', 5).acquire(),
    await locks.semaphore('payments', 5).permits(2).acquire(),
    await locks.readWrite('index').read.acquire(),
    await locks.readWrite('index').read.acquire(),
    await locks.readWrite('books').write.acquire(),
  ]
  const released = await locks.acquire('once')
  await released.release()
  const stop = new AbortController()
  const wait = () => locks.acquire('order:7', { wait: '1m', signal: stop.signal })
  const waiters = [wait(), wait()].map((waiter) => waiter.catch(() => undefined))
  await waitUntil(async () => (await locks.inspect('order:7')).waiting === 2, {
    what: 'two waiters',
  })
  return async () => {
    stop.abort()
    await Promise.all(waiters)
    for (const lock of held) await lock.release()
  }
}

/** 5 fresh entries (2 of them with tags, one of them tagged JSON), 1 stale, 1 that is loaded, 1 refresh, 2 tags. */
async function fillGuard(cache: RootCache): Promise<End> {
  const guard = createGuard({ cache, ttl: '1h' })
  for (const key of ['page:1', 'page:2']) await guard.get(key, async () => 'text')
  await guard.get('page:3', async () => ({ at: new Date(0) }), { tags: ['pages', 'news'] })
  await guard.get('page:4', async () => 'text', { tags: ['pages'] })
  await guard.get('page:5', async () => ({ text: 'z'.repeat(5000) }))

  const old = createGuard({ cache, ttl: 1, staleWhileRevalidate: '1h' })
  await old.get('stale:1', async () => 'old')
  let finish = (): void => undefined
  const slow = (): Promise<string> =>
    new Promise((resolve) => {
      const before = finish
      finish = () => {
        before()
        resolve('new')
      }
    })
  const loads = [guard.get('loading:1', slow), guard.get('page:1', slow)]
  await waitUntil(() => cache.store.get(cache.entryKey('loading:1')).then(Boolean), {
    what: 'a load',
  })
  const mark = cache.stateKey('guard', 'stale:1')
  const isRefreshed = async (): Promise<boolean> => {
    // Within its first millisecond it is fresh.
    await old.get('stale:1', slow)
    return (await cache.store.get(mark)) !== undefined
  }
  await waitUntil(isRefreshed, { what: 'a refresh' })
  return async () => {
    finish()
    await Promise.all(loads)
    await old.close()
    await guard.close()
  }
}
