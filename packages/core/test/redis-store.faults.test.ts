import { once } from 'node:events'
import { createCache, StoreUnavailableError, type RootCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import {
  redisUrl,
  startFaultProxy,
  startRedis,
  uniquePrefix,
  waitUntil,
  type FaultProxy,
} from '@sluice/testkit'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { add } from '../src/operations/entry.ts'

const commandTimeoutMs = 200
/** What a loaded machine of two cores may add to a deadline. */
const marginMs = 400

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function behindProxy(): Promise<{ cache: RootCache; proxy: FaultProxy }> {
  const proxy = await startFaultProxy({ port: Number(new URL(redisUrl()).port) })
  cleanups.push(() => proxy.stop())
  const store = redisStore({ port: proxy.port, commandTimeout: commandTimeoutMs })
  const cache = createCache({ store, prefix: uniquePrefix('faults') })
  cleanups.push(() => cache.close())
  return { cache, proxy }
}

/** How long the promise took to settle, and how. */
async function timed<Value>(
  promise: Promise<Value>,
): Promise<{ tookMs: number; value?: Value; error?: unknown }> {
  const started = performance.now()
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  return { ...outcome, tookMs: performance.now() - started }
}

async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  const { error } = await timed(promise)
  return error instanceof StoreUnavailableError ? error.reason : error
}

async function resumes(cache: RootCache): Promise<void> {
  await waitUntil(() => cache.ping(), { what: 'the store answers again', timeoutMs: 5000 })
  await cache.set('after', 1)
  expect(await cache.get('after')).toBe(1)
}

describe('every call settles by its deadline, and service resumes by itself, when', () => {
  it('the server swallows the request', async () => {
    const { cache, proxy } = await behindProxy()
    await cache.set('key', 1)
    proxy.blackhole('up')
    const { tookMs, error } = await timed(cache.get('key'))
    expect(error).toMatchObject({
      code: 'SLUICE_STORE_UNAVAILABLE',
      reason: 'timeout',
      mayHaveApplied: true,
      status: 503,
    })
    expect(tookMs).toBeGreaterThanOrEqual(commandTimeoutMs - 5)
    expect(tookMs).toBeLessThan(commandTimeoutMs + marginMs)
    proxy.heal()
    await resumes(cache)
  })

  it('the reply is swallowed: the write is applied once, and not sent again', async () => {
    const { cache, proxy } = await behindProxy()
    await cache.increment('count')
    proxy.blackhole('down')
    expect(await reasonOf(cache.increment('count'))).toBe('timeout')
    proxy.heal()
    await resumes(cache)
    expect(await cache.get('count')).toBe(2)
  })

  it('the connection is reset after the server has acted: nothing is counted twice', async () => {
    const { cache, proxy } = await behindProxy()
    await cache.increment('count')
    proxy.dropNextReply()
    await expect(cache.increment('count')).rejects.toMatchObject({
      reason: 'disconnected',
      mayHaveApplied: true,
    })
    await resumes(cache)
    expect(await cache.get('count')).toBe(2)
  })

  it('the connection is cut: calls fail at once instead of queueing', async () => {
    const { cache, proxy } = await behindProxy()
    await cache.set('key', 1)
    proxy.refuse()
    await waitUntil(async () => !(await cache.ping()), { what: 'the loss is known' })
    const { tookMs, error } = await timed(cache.get('key'))
    expect(error).toMatchObject({ reason: 'disconnected', mayHaveApplied: false })
    expect(tookMs).toBeLessThan(50)
    proxy.heal()
    await resumes(cache)
  })

  it('the way is merely slow, within the deadline', async () => {
    const { cache, proxy } = await behindProxy()
    await cache.ping()
    proxy.delay(50)
    await cache.set('key', 'slow')
    expect(await cache.get('key')).toBe('slow')
  })
})

describe('a server that', () => {
  it('was never there refuses calls without hanging, and serves once it is', async () => {
    const server = await startRedis()
    cleanups.push(() => server.stop())
    await server.kill()
    const cache = createCache({
      store: redisStore({ url: server.url, commandTimeout: commandTimeoutMs }),
    })
    cleanups.push(() => cache.close())
    const { tookMs, error } = await timed(cache.get('key'))
    expect(error).toMatchObject({ reason: 'disconnected', cause: { code: 'ECONNREFUSED' } })
    expect(tookMs).toBeLessThan(commandTimeoutMs + marginMs)
    await server.restart()
    await resumes(cache)
  })

  it('is paused opens the breaker: after three timeouts calls fail at once, until a probe succeeds', async () => {
    const server = await startRedis()
    cleanups.push(() => server.stop())
    const cache = createCache({
      store: redisStore({ url: server.url, commandTimeout: commandTimeoutMs }),
    })
    cleanups.push(() => cache.close())
    await cache.set('key', 1)
    server.pause()
    for (let at = 0; at < 3; at++) expect(await reasonOf(cache.get('key'))).toBe('timeout')
    const { tookMs, error } = await timed(cache.get('key'))
    expect(error).toMatchObject({ reason: 'breaker-open', mayHaveApplied: false })
    expect(tookMs).toBeLessThan(50)
    server.resume()
    await resumes(cache)
  })

  it('is killed and restarted loses the scripts, which costs one resend and no error', async () => {
    const server = await startRedis()
    cleanups.push(() => server.stop())
    const cache = createCache({
      store: redisStore({ url: server.url, commandTimeout: commandTimeoutMs }),
    })
    cleanups.push(() => cache.close())
    await cache.increment('count')
    await server.kill()
    expect(await reasonOf(cache.increment('count'))).toBe('disconnected')
    await server.restart()
    await resumes(cache)
    expect(await cache.increment('count')).toBe(1)
  })

  it('forgets its scripts counts on exactly', async () => {
    const server = await startRedis()
    cleanups.push(() => server.stop())
    const cache = createCache({ store: redisStore({ url: server.url }) })
    cleanups.push(() => cache.close())
    const admin = new Redis(server.url)
    for (let at = 1; at <= 5; at++) {
      await admin.script('FLUSH')
      expect(await cache.increment('count')).toBe(at)
    }
    admin.disconnect()
  })

  it('refuses writes as a replica or for want of memory is a store that is not serving', async () => {
    const server = await startRedis({
      args: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'],
    })
    cleanups.push(() => server.stop())
    const cache = createCache({ store: redisStore({ url: server.url }) })
    cleanups.push(() => cache.close())
    expect(await reasonOf(cache.increment('count', 1))).toBe('not-serving')
    const admin = new Redis(server.url)
    await admin.config('SET', 'maxmemory', '0')
    await admin.replicaof('127.0.0.1', 1)
    expect(await reasonOf(cache.set('key', 1))).toBe('not-serving')
    await admin.replicaof('NO', 'ONE')
    admin.disconnect()
    await resumes(cache)
  })

  it('wants a password tells that access is denied, without showing one', async () => {
    const server = await startRedis({ args: ['--requirepass', 'right'] })
    cleanups.push(() => server.stop())
    for (const password of [undefined, 'hunter2']) {
      const options = { port: server.port, ...(password === undefined ? {} : { password }) }
      const cache = createCache({
        store: redisStore({ ...options, commandTimeout: commandTimeoutMs }),
      })
      cleanups.push(() => cache.close())
      const { error } = await timed(cache.get('key'))
      expect(error).toBeInstanceOf(StoreUnavailableError)
      expect(String(error)).not.toContain('hunter2')
    }
    const cache = createCache({ store: redisStore({ port: server.port, password: 'right' }) })
    cleanups.push(() => cache.close())
    expect(await cache.ping()).toBe(true)
  })
})

it('an operation on a key of another type is an error of the operation, not of the store', async () => {
  const { cache } = await behindProxy()
  const client = new Redis(redisUrl())
  const key = `${uniquePrefix('type')}:list`
  await client.lpush(key, 'x')
  await expect(cache.store.run(add, { key, by: 1, ttlMs: 0 })).rejects.toMatchObject({
    code: 'SLUICE_OPERATION',
    operation: 'core.add',
    message: expect.stringContaining('WRONGTYPE') as string,
  })
  await client.del(key)
  client.disconnect()
})

it("an application's own client is never closed, changed or waited for", async () => {
  const client = new Redis(redisUrl(), { lazyConnect: true })
  const cache = createCache({ store: redisStore(client), prefix: uniquePrefix('own') })
  expect(client.status).toBe('wait')
  await cache.set('key', 1, '1m')
  const before = client.listenerCount('error')
  await cache.close()
  expect(client.listenerCount('error')).toBe(before)
  expect(client.status).toBe('ready')
  expect(await client.ping()).toBe('PONG')
  client.disconnect()
  await once(client, 'end')
})
