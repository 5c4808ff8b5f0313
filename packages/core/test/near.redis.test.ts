import { setTimeout as sleep } from 'node:timers/promises'
import { createCache, type Store } from '@sluice/core'
import { nearStore, type NearStore, type NearStoreOptions } from '@sluice/core/near'
import { redisStore } from '@sluice/core/redis'
import { storeContract } from '@sluice/core/testing'
import { redisUrl, startRedis, uniquePrefix, waitUntil } from '@sluice/testkit'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { cacheSuite } from './cache-suite.ts'
import { kept, listening, listeningStore } from './near-subject.ts'
import { realSubject } from './real-subject.ts'

const clients = [
  new Redis(redisUrl()),
  new Redis5(redisUrl()),
  new Redis(redisUrl(), { keyPrefix: 'app[1]*', db: 1 }),
] as const
afterAll(() => clients.forEach((client) => client.disconnect()))

const stores: readonly [name: string, make: () => Store, options?: NearStoreOptions][] = [
  ['a url', () => redisStore({ url: redisUrl() })],
  ['three connections', () => redisStore({ url: redisUrl(), connections: 3 })],
  ['a client of ioredis 6', () => redisStore(clients[0])],
  ['a client of ioredis 5.4', () => redisStore(clients[1])],
  ['a client with a keyPrefix and a database of its own', () => redisStore(clients[2])],
  ['a url, told by pub/sub', () => redisStore({ url: redisUrl() }), { source: 'pubsub' }],
  ['a keyPrefix, told by pub/sub', () => redisStore(clients[2]), { source: 'pubsub' }],
]

describe.each(stores)('nearStore over %s', (_, make, options) => {
  describe('keeps the contract of a store', () => {
    const cases = storeContract(async () => {
      const near = nearStore(make(), options)
      const subject = realSubject(near)
      await listening(near, subject.key('').slice(0, -1))
      return subject
    })
    for (const { name, run } of cases) it(name, run)
  })

  describe('is a cache', () => {
    const store = make()
    const opened: Store[] = []
    afterAll(async () => {
      for (const near of opened) await near.close()
    })
    cacheSuite(() => {
      const prefix = uniquePrefix('near')
      const near = listeningStore(store, prefix, options)
      opened.push(near)
      return { store: near, prefix, pass: (ms) => sleep(ms) }
    })
  })
})

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function open(
  url: string,
  options?: NearStoreOptions,
): Promise<{ near: NearStore; prefix: string; other: Redis }> {
  const near = nearStore(redisStore({ url }), options)
  cleanups.push(() => near.close())
  const other = new Redis(url)
  cleanups.push(() => other.disconnect())
  const prefix = uniquePrefix('near')
  await listening(near, prefix)
  return { near, prefix, other }
}

/** Waits until the near store answers this, asking it in one turn of the loop after the other; how long that took. */
async function seenAfter(
  near: NearStore,
  key: string,
  expected: string | undefined,
): Promise<number> {
  const startedAtMs = performance.now()
  while ((await near.get(key)) !== expected) {
    if (performance.now() - startedAtMs > 5000) throw new Error(`never saw ${expected}`)
    await new Promise(setImmediate)
  }
  return performance.now() - startedAtMs
}

describe('a hit', () => {
  it('costs no round trip, and getMany asks only for what is missing', async () => {
    await using server = await startRedis()
    const { near, prefix, other } = await open(server.url)
    const keys = Array.from({ length: 10 }, (_, at) => `${prefix}:${at}`)
    await near.setMany(keys.map((key) => [key, `text of ${key}`]))
    await kept(near, keys.slice(0, 7))
    const { hits, misses } = near.nearStats()
    await other.config('RESETSTAT')
    for (let at = 0; at < 1000; at++) await near.get(keys[at % 7] ?? '')
    const calls = async () =>
      (await other.info('commandstats')).match(/cmdstat_(eval|evalsha|get|mget|pttl)\b.*/g)
    expect(await calls()).toBe(null)
    expect(await near.getMany(keys)).toEqual(keys.map((key) => `text of ${key}`))
    const stats = (await other.info('commandstats')).split('\r\n')
    expect(stats.find((line) => line.startsWith('cmdstat_evalsha'))).toMatch(/calls=1,/)
    expect(stats.find((line) => line.startsWith('cmdstat_pttl'))).toMatch(/calls=3,/)
    expect(near.nearStats()).toMatchObject({ hits: hits + 1007, misses: misses + 3, entries: 10 })
  })

  it('is never for longer than the ttl of the near store', async () => {
    const { near, prefix } = await open(redisUrl(), { ttl: 50 })
    await near.set(`${prefix}:a`, 'x')
    await sleep(20)
    await kept(near, [`${prefix}:a`])
    await sleep(60)
    const { misses } = near.nearStats()
    expect(await near.get(`${prefix}:a`)).toBe('x')
    expect(near.nearStats().misses).toBe(misses + 1)
  })

  it('is not for the state of operations, which no watch hears of', async () => {
    const { near, prefix, other } = await open(redisUrl())
    await near.set(`${prefix}#session:{1}`, 'x')
    await near.get(`${prefix}#session:{1}`)
    await other.set(`${prefix}#session:{1}`, 'y')
    expect(await near.get(`${prefix}#session:{1}`)).toBe('y')
    expect(near.nearStats()).toMatchObject({ entries: 0, hits: 0, invalidations: 0 })
    await other.del(`${prefix}#session:{1}`)
  })
})

describe('what another client does is seen promptly:', () => {
  const acts: readonly [
    name: string,
    expected: string | undefined,
    act: (other: Redis, key: string) => Promise<unknown>,
  ][] = [
    ['SET', 'new', (other, key) => other.set(key, 'new')],
    ['DEL', undefined, (other, key) => other.del(key)],
    ['UNLINK', undefined, (other, key) => other.unlink(key)],
    ['MULTI', 'b', (other, key) => other.multi().set(key, 'a').set(key, 'b').exec()],
    ['a script', 'lua', (other, key) => other.eval("redis.call('SET', KEYS[1], 'lua')", 1, key)],
    ['APPEND', 'oldnew', (other, key) => other.append(key, 'new')],
    ['RENAME', undefined, (other, key) => other.rename(key, `${key}-2`)],
    ['PEXPIRE in the past', undefined, (other, key) => other.pexpire(key, -1)],
    ['GETDEL', undefined, (other, key) => other.getdel(key)],
  ]
  it.each(acts)('%s', async (name, expected, act) => {
    const { near, prefix, other } = await open(redisUrl())
    const key = `${prefix}:a`
    await near.set(key, 'old', { ttlMs: 60_000 })
    await kept(near, [key])
    expect(await near.get(key)).toBe('old')
    await act(other, key)
    const tookMs = await seenAfter(near, key, expected)
    console.info(`${name} of another client seen after ${tookMs.toFixed(2)} ms`)
    expect(tookMs).toBeLessThan(500)
  })

  it('an expiry, at once: an entry that is gone in the store is gone here', async () => {
    const { near, prefix, other } = await open(redisUrl())
    await other.set(`${prefix}:a`, 'x', 'PX', 60)
    expect(await near.get(`${prefix}:a`)).toBe('x')
    await sleep(61)
    expect(await near.get(`${prefix}:a`)).toBeUndefined()
  })

  it('a shorter expiry than the one that was read', async () => {
    const { near, prefix, other } = await open(redisUrl())
    await other.set(`${prefix}:a`, 'x')
    await kept(near, [`${prefix}:a`])
    const { invalidations } = near.nearStats()
    await other.pexpire(`${prefix}:a`, 60)
    await waitUntil(() => near.nearStats().invalidations > invalidations, { what: 'the message' })
    await near.get(`${prefix}:a`)
    await sleep(61)
    expect(await near.get(`${prefix}:a`)).toBeUndefined()
  })

  it('an eviction', async () => {
    await using server = await startRedis()
    const { near, prefix, other } = await open(server.url)
    const keys = Array.from({ length: 200 }, (_, at) => `${prefix}:${at}`)
    await near.setMany(keys.map((key) => [key, 'x'.repeat(1000)]))
    await kept(near, keys)
    await other.config('SET', 'maxmemory-policy', 'allkeys-random')
    await other.config('SET', 'maxmemory', '1')
    await other.set('other:trigger', 'x').catch(() => undefined)
    const startedAtMs = performance.now()
    await waitUntil(async () => (await other.dbsize()) === 0, { what: 'the eviction' })
    await waitUntil(() => near.nearStats().entries === 0, { what: 'the loss to be seen' })
    console.info(`eviction of 200 seen after ${(performance.now() - startedAtMs).toFixed(2)} ms`)
    expect((await near.getMany(keys)).filter((text) => text !== undefined)).toEqual([])
  })

  it.each(['FLUSHALL', 'FLUSHDB'])('%s', async (command) => {
    await using server = await startRedis()
    const { near, prefix, other } = await open(server.url)
    await near.set(`${prefix}:a`, 'x')
    await kept(near, [`${prefix}:a`])
    await other.call(command)
    const tookMs = await seenAfter(near, `${prefix}:a`, undefined)
    console.info(`${command} seen after ${tookMs.toFixed(2)} ms`)
    expect(tookMs).toBeLessThan(500)
  })

  it('keys with commas, line ends, braces and letters beyond ASCII', async () => {
    const { near, prefix, other } = await open(redisUrl())
    for (const name of ['a,b', 'a\r\nb', '{a}', '\u{1f30a}', 'ü', ' ']) {
      const key = `${prefix}:${name}`
      await other.set(key, 'old')
      await kept(near, [key])
      await other.set(key, 'new')
      expect(await seenAfter(near, key, 'new')).toBeLessThan(500)
      await other.del(key)
    }
  })
})

describe('writes through a near store', () => {
  it('show in its next read, also of operations and batches', async () => {
    const { near, prefix } = await open(redisUrl())
    const cache = createCache({ store: near, prefix })
    for (let at = 0; at < 200; at++) {
      await cache.set('a', at)
      expect(await cache.get('a')).toBe(at)
      expect(await cache.increment('a')).toBe(at + 1)
      expect(await cache.get('a')).toBe(at + 1)
      await cache.setMany([['a', 'many']])
      expect(await cache.get('a')).toBe('many')
    }
    expect(await cache.delete('a')).toBe(true)
    expect(await cache.get('a')).toBeUndefined()
  })

  it('are told to the others by pub/sub where the server cannot', async () => {
    const [one, two] = [
      nearStore(redisStore({ url: redisUrl() }), { source: 'pubsub' }),
      nearStore(redisStore({ url: redisUrl() }), { source: 'pubsub' }),
    ]
    cleanups.push(
      () => one.close(),
      () => two.close(),
    )
    const prefix = uniquePrefix('near')
    await listening(two, prefix)
    await one.set(`${prefix}:a`, 'old')
    await kept(two, [`${prefix}:a`])
    expect(await two.get(`${prefix}:a`)).toBe('old')
    await one.set(`${prefix}:a`, 'new')
    console.info(
      `told by pub/sub after ${(await seenAfter(two, `${prefix}:a`, 'new')).toFixed(2)} ms`,
    )
    await one.delete([`${prefix}:a`])
    await seenAfter(two, `${prefix}:a`, undefined)
  })
})

it('a server that will not tell is warned of once, and reads go to it', async () => {
  await using server = await startRedis()
  const admin = new Redis(server.url)
  await admin.call('ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '&*', '+@all', '-client|tracking')
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  const near = nearStore(redisStore({ port: server.port, username: 'app', password: 'pw' }))
  try {
    await near.set('shop:a', 'old')
    expect(await near.get('shop:a')).toBe('old')
    await waitUntil(() => warnings.length > 0, { what: 'the warning' })
    await sleep(300)
    expect(warnings.map((warning) => Reflect.get(warning, 'code'))).toEqual(['SLUICE_WARN_NEAR'])
    expect(warnings[0]?.message).toMatch(/source: 'pubsub'.* See https:\S+#sluice_warn_near$/)
    await admin.set('shop:a', 'new')
    expect(await near.get('shop:a')).toBe('new')
    expect(near.nearStats()).toMatchObject({ serving: false, entries: 0 })
  } finally {
    process.off('warning', onWarning)
    await near.close()
    admin.disconnect()
  }
})
