import { setTimeout } from 'node:timers/promises'
import { redisStore } from '@sluice/core/redis'
import { redisUrl, startRedis, uniquePrefix, waitUntil } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { createLocks, type Locks } from '../src/index.ts'
import { openCache, sharedStoreSuite } from './shared-store.ts'

describe('on one Redis', () => {
  sharedStoreSuite(() => {
    const prefix = uniquePrefix()
    const open = () => openCache(redisStore({ url: redisUrl() }), prefix)
    return [open(), open()]
  })

  it('the lease has the ttl, and nothing but the fence is left of it, for an hour over a week at most', async () => {
    await using client = disposable(new Redis(redisUrl()))
    const cache = openCache(redisStore({ url: redisUrl() }), uniquePrefix())
    const key = cache.stateKey('lock', 'a')
    const locks = createLocks({ cache, ttl: '20s' })
    const lock = await locks.acquire('a')
    const { remainingMs } = await locks.inspect('a')
    expect(remainingMs).toBeLessThanOrEqual(20_000)
    expect(remainingMs).toBeGreaterThan(19_000)
    const weekMs = 7 * 86_400_000
    const keptMs = await client.redis.pttl(key)
    expect(keptMs).toBeGreaterThan(weekMs)
    expect(keptMs).toBeLessThan(weekMs + 3_700_000)
    await lock.release()
    expect(await client.redis.keys(`${key.split('{')[0]}*`)).toEqual([key])
    const left = await client.redis.hgetall(key)
    expect(Object.keys(left).toSorted()).toEqual(['fence', 'kept'])
    expect(Number(left['fence'])).toBe(lock.fence)
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
    const scripts = ['time', 'hmget', 'hset', 'hdel']
    const inside = [...scripts, 'config|resetstat', 'info', 'evalsha']
    expect([...calls.keys()].filter((name) => !inside.includes(name))).toEqual([])
  })

  it('50 waiters of 50 clients cost four commands each, none while they wait, in order', async () => {
    await using server = await startRedis()
    await using client = disposable(new Redis(server.url))
    const cache = openCache(redisStore({ url: server.url }), 'count')
    const open = (): Locks => createLocks({ cache })
    await Promise.all([1, 2].map(() => open().run('warm', () => undefined)))
    const first = await open().acquire('a')
    await client.redis.config('RESETSTAT')
    const calls = async () => callsOf(await client.redis.info('commandstats'))
    const order: number[] = []
    const turns = Array.from({ length: 50 }, (_, n) => open().run('a', () => order.push(n)))
    const scripts = async () => (await calls()).get('evalsha') ?? 0
    const inLine = async (): Promise<boolean> => (await open().inspect('a')).waiting === 50
    await waitUntil(inLine, { what: 'all to stand in the line' })
    await setTimeout(500)
    const asked = await scripts()
    await setTimeout(1000)
    expect(await scripts()).toBe(asked)
    await first.release()
    await Promise.all(turns)
    expect(order).toEqual(Array.from({ length: 50 }, (_, n) => n))
    // To take a place, to look once since messages come, to confirm, to give back; the first holder's release, and `inLine`.
    const ofThisTest = 10
    expect(await scripts()).toBeLessThanOrEqual(200 + ofThisTest)
    expect((await calls()).get('subscribe')).toBe(50)
    // Who was served was told once.
    expect((await calls()).get('publish')).toBe(50)
  })

  it('calls that are aborted before the cache closes leave no lease and no place behind', async () => {
    const prefix = uniquePrefix()
    const open = () => openCache(redisStore({ url: redisUrl() }), prefix)
    const names = Array.from({ length: 10 }, (_, n) => `name${n}`)
    const other = createLocks({ cache: open(), ttl: '1m' })
    const busy = await other.acquire('busy')
    const cache = open()
    const locks = createLocks({ cache, ttl: '1m' })
    await locks.run('warm', () => undefined)

    const abort = new AbortController()
    const { signal } = abort
    const inLine = names.map(() => locks.acquire('busy', { wait: '1m', signal }))
    const stand = async () => (await other.inspect('busy')).waiting === names.length
    await waitUntil(stand, { what: 'all to stand in the line' })
    const asked = names.map((name) => locks.acquire(name, { signal }))
    abort.abort()
    await Promise.allSettled([...inLine, ...asked])
    await cache.close()

    for (const name of names) expect(await other.inspect(name)).toMatchObject({ held: false })
    expect((await other.inspect('busy')).waiting).toBe(0)
    await busy.release()
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
