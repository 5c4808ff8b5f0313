import { redisStore } from '@sluice/core/redis'
import { redisUrl, startRedis, uniquePrefix } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { createLocks } from '../src/index.ts'
import { openCache, sharedStoreSuite } from './shared-store.ts'

describe('on one Redis', () => {
  sharedStoreSuite(() => {
    const prefix = uniquePrefix()
    const open = () => openCache(redisStore({ url: redisUrl() }), prefix)
    return [open(), open()]
  })

  it('the lease has the ttl, and the fence is remembered for a week longer', async () => {
    await using client = disposable(new Redis(redisUrl()))
    const cache = openCache(redisStore({ url: redisUrl() }), uniquePrefix())
    const key = cache.stateKey('lock', 'a')
    const lock = await createLocks({ cache, ttl: '20s' }).acquire('a')
    const leaseMs = await client.redis.pttl(key)
    expect(leaseMs).toBeLessThanOrEqual(20_000)
    expect(leaseMs).toBeGreaterThan(19_000)
    const fenceMs = (await client.redis.pttl(`${key}:fence`)) - 7 * 86_400_000
    expect(fenceMs).toBeLessThanOrEqual(20_000)
    expect(fenceMs).toBeGreaterThan(19_000)
    expect(Number(await client.redis.get(`${key}:fence`))).toBe(lock.fence)
    await lock.release()
    expect(await client.redis.keys(`${key.split('{')[0]}*`)).toEqual([`${key}:fence`])
  })

  it('the fence is the time of Redis in microseconds', async () => {
    const cache = openCache(redisStore({ url: redisUrl() }), uniquePrefix())
    const { fence } = await createLocks({ cache }).acquire('a')
    expect(Math.abs(fence / 1000 - Date.now())).toBeLessThan(1000)
    expect(Number.isSafeInteger(fence)).toBe(true)
  })

  it('acquire and release take exactly two commands', async () => {
    await using server = await startRedis()
    await using client = disposable(new Redis(server.url))
    const locks = createLocks({ cache: openCache(redisStore({ url: server.url }), 'count') })
    // Redis is given the scripts.
    await locks.run('a', () => undefined)
    await client.redis.config('RESETSTAT')
    for (let pair = 0; pair < 10; pair++) await locks.run('a', () => undefined)
    const calls = callsOf(await client.redis.info('commandstats'))
    expect(calls.get('evalsha')).toBe(20)
    // What is left ran inside the scripts, and the two commands of this test.
    const inside = ['get', 'set', 'del', 'time', 'config|resetstat', 'info', 'evalsha']
    expect([...calls.keys()].filter((name) => !inside.includes(name))).toEqual([])
  })

  it('a lock that somebody removed by hand is told as gone', async () => {
    const cache = openCache(redisStore({ url: redisUrl() }), uniquePrefix())
    const lock = await createLocks({ cache, ttl: '300ms' }).acquire('a')
    await cache.store.delete([cache.stateKey('lock', 'a')])
    const reason = await new Promise((resolve) => {
      lock.signal.addEventListener('abort', () => resolve(lock.signal.reason))
    })
    expect(reason).toMatchObject({ code: 'SLUICE_LOCK_LOST', reason: 'gone' })
  })
})

function callsOf(info: string): Map<string, number> {
  const lines = info.matchAll(/^cmdstat_(?<name>[^:]+):calls=(?<calls>\d+)/gm)
  return new Map([...lines].map(([, name = '', calls]) => [name, Number(calls)]))
}

function disposable(redis: Redis): AsyncDisposable & { readonly redis: Redis } {
  return { redis, [Symbol.asyncDispose]: async () => redis.disconnect() }
}
