import { readFileSync } from 'node:fs'
import { createCache, type Store } from '@sluice/core'
import { cacheFromEnv, redisStore } from '@sluice/core/redis'
import { redisUrl, startRedis, uniquePrefix, type RedisServer } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
  vi.restoreAllMocks()
})

function kept(store: Store): Store {
  cleanups.push(() => store.close())
  return store
}

describe('an ACL user', () => {
  let server: RedisServer
  let admin: Redis
  beforeAll(async () => {
    server = await startRedis({ args: ['--requirepass', 'root'] })
    admin = new Redis({ port: server.port, password: 'root' })
  })
  afterAll(async () => {
    admin.disconnect()
    await server.stop()
  })

  const guide = readFileSync(new URL('../../../docs/redis-topologies.md', import.meta.url), 'utf8')
  /** The rights that the guide says a user needs. */
  const rules = /ACL SETUSER app on >secret (.*)/.exec(guide)?.[1]?.split(' ') ?? []

  it('with the rights that the docs name can use every verb, below its prefix', async () => {
    await admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', ...rules)
    const store = kept(redisStore({ port: server.port, username: 'app', password: 'secret' }))
    const cache = createCache({ store, prefix: 'shop', ttl: '1m' })
    await cache.set('key', 1)
    await cache.set('key', 2, { keepTtl: true })
    expect(await cache.increment('key')).toBe(3)
    expect(await cache.compareAndSwap('key', 3, 4)).toBe(true)
    expect(await cache.update<number>('key', (count = 0) => count + 1)).toBe(5)
    expect(await cache.has('key')).toBe(true)
    expect(await cache.ttl('key')).toBeGreaterThan(0)
    expect(await cache.expire('key', '2m')).toBe(true)
    expect(await cache.persist('key')).toBe(true)
    await cache.setMany([['many', 1]])
    expect((await cache.getMany(['many', 'key'])).size).toBe(2)
    expect(await cache.take('many')).toBe(1)
    expect(await cache.countMatching('*')).toBe(1)
    expect(await cache.delete('key')).toBe(true)
    expect(await cache.ping()).toBe(true)
  })

  it('is told "denied" for a key or a command that is not its own, in a script too', async () => {
    await admin.call('ACL', 'SETUSER', 'narrow', 'reset', 'on', '>secret', ...rules, '-incrby')
    const store = kept(redisStore({ port: server.port, username: 'narrow', password: 'secret' }))
    const denied = { code: 'SLUICE_STORE_UNAVAILABLE', reason: 'denied' }
    const other = createCache({ store, prefix: 'bank' })
    await expect(other.get('key')).rejects.toMatchObject(denied)
    await expect(other.set('key', 1)).rejects.toMatchObject(denied)
    await expect(other.increment('key')).rejects.toMatchObject(denied)
    const shop = createCache({ store, prefix: 'shop' })
    await shop.set('count', 1)
    await expect(shop.increment('count')).rejects.toMatchObject(denied)
    expect(await shop.get('count')).toBe(1)
  })

  it('whose password is wrong is told "denied", at once', async () => {
    const store = kept(redisStore({ port: server.port, username: 'app', password: 'wrong' }))
    const denied = { code: 'SLUICE_STORE_UNAVAILABLE', reason: 'denied' }
    await expect(store.get('key')).rejects.toMatchObject(denied)
    await expect(store.get('key')).rejects.toMatchObject(denied)
  })
})

describe('a database number', () => {
  it('keeps entries apart, also without a password', async () => {
    const port = Number(new URL(redisUrl()).port)
    const prefix = uniquePrefix('database')
    const [one, two] = [1, 2].map((database) =>
      createCache({ store: kept(redisStore({ port, database })), prefix }),
    )
    await one?.set('key', 'one')
    expect(await two?.get('key')).toBeUndefined()
    expect(await one?.get('key')).toBe('one')
    expect(await one?.clear()).toBe(1)
  })

  it('that the server does not have never means database 0', async () => {
    const port = Number(new URL(redisUrl()).port)
    const store = kept(redisStore({ port, database: 99 }))
    const key = uniquePrefix('database')
    for (let at = 0; at < 3; at++) {
      await expect(store.set(key, 'text')).rejects.toMatchObject({
        reason: 'disconnected',
        cause: { message: expect.stringContaining('DB index is out of range') as string },
      })
    }
    const plain = kept(redisStore({ port }))
    expect(await plain.get(key)).toBeUndefined()
  })

  it('is refused on a Cluster, which has database 0 only', () => {
    const cluster = [{ host: 'localhost', port: 7000 }]
    expect(() => redisStore({ cluster, database: 1 })).toThrow(/Cluster has database 0 only/)
    void redisStore({ cluster, database: 0 }).close()
  })
})

describe('an IPv6 host', () => {
  it.each(['::1', '[::1]'])('%s', async (host) => {
    const server = await startRedis({ args: ['--bind', '127.0.0.1', '::1'] })
    cleanups.push(() => server.stop())
    for (const options of [{ host, port: server.port }, { url: `redis://[::1]:${server.port}` }]) {
      const store = kept(redisStore(options))
      await store.set('key', 'six')
      expect(await store.get('key')).toBe('six')
    }
  })
})

it("a client's own keyPrefix stays on every key and comes off every answer", async () => {
  const client = new Redis(redisUrl(), { keyPrefix: 'tenant[1]:' })
  const raw = new Redis(redisUrl())
  cleanups.push(
    async () => client.disconnect(),
    async () => raw.disconnect(),
  )
  const prefix = uniquePrefix('own')
  const cache = createCache({ store: redisStore(client), prefix })
  await cache.set('key', 1)
  await cache.increment('key')
  expect(await raw.get(`tenant[1]:${prefix}:key`)).toBe('2')
  expect(await cache.keysMatching('*')).toEqual(['key'])
  expect(await cache.clear()).toBe(1)
  expect(await raw.exists(`tenant[1]:${prefix}:key`)).toBe(0)
})

it('the environment makes a cache that works', async () => {
  const { hostname, port } = new URL(redisUrl())
  const cache = cacheFromEnv({
    REDIS_HOST: hostname,
    REDIS_PORT: port,
    REDIS_MAX_CONNECTIONS: '2',
    REDIS_DATABASE: '3',
    CACHE_DEFAULT_TTL: '60',
    CACHE_KEY_PREFIX: uniquePrefix('env'),
  })
  cleanups.push(() => cache.close())
  await cache.set('key', 1)
  expect(await cache.ttl('key')).toBeLessThanOrEqual(60_000)
  expect(await cache.clear()).toBe(1)
})
