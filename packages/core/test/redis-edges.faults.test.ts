import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createCache, StoreUnavailableError } from '@sluice/core'
import { redisStore, type RedisStoreOptions } from '@sluice/core/redis'
import { redisUrl, startCluster, startRedis, uniquePrefix, waitUntil } from '@sluice/testkit'
import { Cluster, Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { clusterStore, eachNode } from './cluster-tools.ts'
import { startStallingProxy } from './stalling-proxy.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function failureOf(call: Promise<unknown>): Promise<StoreUnavailableError> {
  const error: unknown = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  )
  expect(error).toBeInstanceOf(StoreUnavailableError)
  return error as StoreUnavailableError
}

it('a batch that the server had room for in part names exactly what was not written', async () => {
  const server = await startRedis({ args: ['--maxmemory', '8mb'] })
  cleanups.push(() => server.stop())
  const cache = createCache({ store: redisStore({ url: server.url }), prefix: 'part' })
  cleanups.push(() => cache.close())
  const all = Array.from({ length: 200 }, (_, at) => `key:${at}`)
  const big = 'x'.repeat(100_000)
  const { keys = [], reason } = await failureOf(cache.setMany(all.map((key) => [key, big])))
  expect(reason).toBe('not-serving')
  expect(keys.length).toBeGreaterThan(50)
  expect(keys.length).toBeLessThan(200)
  const written = [...(await cache.getMany(all)).keys()]
  expect([...written, ...keys].toSorted()).toEqual(all.toSorted())
})

describe("with an application's own client", () => {
  it('a pending call settles by its deadline, also when the store is closed meanwhile', async () => {
    const proxy = await startStallingProxy(Number(new URL(redisUrl()).port))
    const client = new Redis({ port: proxy.port })
    cleanups.push(
      () => proxy.stop(),
      async () => client.disconnect(),
    )
    await once(client, 'ready')
    const store = redisStore(client)
    await store.ping()
    proxy.stall()
    const pending = failureOf(store.get('key'))
    await store.close()
    expect((await pending).reason).toBe('timeout')
  })

  it('a connection that was lost before the first call fails it at once', async () => {
    const server = await startRedis()
    cleanups.push(() => server.stop())
    const client = new Redis(server.url, { retryStrategy: () => 5000 })
    client.on('error', () => undefined)
    cleanups.push(async () => client.disconnect())
    const store = redisStore(client)
    await once(client, 'ready')
    await server.kill()
    await waitUntil(() => client.status === 'reconnecting', { what: 'the loss' })
    const startedMs = performance.now()
    expect((await failureOf(store.get('key'))).reason).toBe('disconnected')
    expect(performance.now() - startedMs).toBeLessThan(100)
  })

  it('no listener stays on it after close', async () => {
    const cluster = await startCluster()
    const clients = [new Redis(redisUrl()), new Cluster([{ port: cluster.ports[0] ?? 0 }])]
    cleanups.push(
      () => cluster.stop(),
      async () => clients.forEach((client) => client.disconnect()),
    )
    await Promise.all(clients.map((client) => once(client, 'ready')))
    for (const client of clients) {
      const counts = (): number[] =>
        client.eventNames().map((name) => client.listenerCount(String(name)))
      const before = counts()
      const store = redisStore(client)
      await store.get('key')
      await store.close()
      expect(counts()).toEqual(before)
    }
  })
})

it('a breaker that is open closes with a new connection, before its pause is over', async () => {
  const server = await startRedis()
  const store = redisStore({ url: server.url, commandTimeout: 100 })
  cleanups.push(
    () => server.stop(),
    () => store.close(),
  )
  await store.ping()
  server.pause()
  await Promise.all([1, 2, 3].map(() => failureOf(store.get('key'))))
  const openedMs = performance.now()
  expect((await failureOf(store.get('key'))).reason).toBe('breaker-open')
  server.resume()
  await eachNode([server.port], (node) =>
    node.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'),
  )
  const isServed = (): Promise<boolean> =>
    store.get('key').then(
      () => true,
      () => false,
    )
  await waitUntil(isServed, { what: 'the store to serve', timeoutMs: 950 })
  expect(performance.now() - openedMs).toBeLessThan(1000)
})

it('a batch over a slot that is half moved is answered, or fails in time and by name; then it is answered', async () => {
  const cluster = await startCluster()
  cleanups.push(() => cluster.stop())
  const prefix = uniquePrefix('half')
  const cache = createCache({ store: clusterStore(cluster, 400), prefix })
  cleanups.push(() => cache.close())
  const all = ['{t}a', '{t}b', '{t}c']
  await cache.setMany(all.map((key) => [key, 1]))
  const [slot = 0] = await eachNode(cluster.ports.slice(0, 1), async (node) =>
    Number(await node.cluster('KEYSLOT', '{t}')),
  )
  const at = Math.min(2, Math.floor((slot * 3) / 16_384))
  const from = cluster.ports[at] ?? 0
  const to = cluster.ports[(at + 1) % 3] ?? 0
  const [fromId = '', toId = ''] = await eachNode([from, to], async (node) =>
    String(await node.cluster('MYID')),
  )
  await eachNode([to], (node) => node.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId))
  await eachNode([from], async (node) => {
    await node.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId)
    await node.call('MIGRATE', '127.0.0.1', to, `${prefix}:{t}a`, 0, 5000)
  })

  for (const key of all) expect(await cache.increment(key)).toBe(2)
  const startedMs = performance.now()
  const { keys } = await failureOf(cache.getMany(all))
  expect(performance.now() - startedMs).toBeLessThan(1000)
  expect(keys).toEqual(all)

  await eachNode([from], async (node) => {
    for (const key of all.slice(1)) {
      await node.call('MIGRATE', '127.0.0.1', to, `${prefix}:${key}`, 0, 5000)
    }
  })
  await eachNode([to, from, ...cluster.ports], (node) =>
    node.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId),
  )
  expect([...(await cache.getMany(all)).values()]).toEqual([2, 2, 2])
})

describe('a process that has closed its store ends by itself, when the server', () => {
  const fixture = fileURLToPath(new URL('./fixtures/closing-process.mjs', import.meta.url))
  const run = async (options: RedisStoreOptions): Promise<string> => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [fixture, JSON.stringify(options)],
      { timeout: 10_000 },
    )
    return stdout
  }

  it('answers', async () => {
    expect(await run({ url: redisUrl() })).toBe('answered')
    expect(await run({ url: redisUrl(), connections: 3 })).toBe('answered')
  })
  it('is not there', async () => {
    expect(await run({ port: 1 })).toBe('disconnected')
    expect(await run({ cluster: [{ host: '127.0.0.1', port: 1 }] })).toBe('disconnected')
    expect(await run({ sentinels: [{ host: '127.0.0.1', port: 1 }], name: 'x' })).toBe('timeout')
  })
  it('takes the connection and says nothing', async () => {
    const server = await startRedis()
    cleanups.push(() => server.stop())
    server.pause()
    expect(await run({ port: server.port })).toBe('timeout')
    expect(await run({ cluster: [{ host: '127.0.0.1', port: server.port }] })).toBe('timeout')
    server.resume()
  })
})
