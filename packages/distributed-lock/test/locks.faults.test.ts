import { once } from 'node:events'
import { StoreUnavailableError } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { waitUntil } from '@sluice/testkit'
import { describe, expect, it } from 'vitest'
import { createLocks, LockLostError, type Lock, type Locks } from '../src/index.ts'
import { redisBehindProxy } from './redis-behind-proxy.ts'
import { openCache } from './shared-store.ts'

/** Locks through a fault proxy, and the same Redis directly. */
async function faultyLocks(ttl: number) {
  const { server, proxy, direct } = await redisBehindProxy()
  const cache = openCache(redisStore({ host: '127.0.0.1', port: proxy.port }), 'faults')
  const locks = createLocks({ cache, ttl })
  const other = createLocks({ cache: openCache(redisStore({ url: server.url }), 'faults') })
  // Connects, and gives Redis the scripts: from now on a lost reply is that of a script.
  for (const one of [locks, other]) await (await one.acquire('warm')).release()
  const key = (name: string): string => cache.stateKey('lock', name)
  return { server, proxy, direct, locks, other, key }
}

const isFree = (locks: Locks, name: string) => async (): Promise<boolean> =>
  !(await locks.inspect(name)).held

/** The wall clock when the lock was told as lost. */
async function toldAtMs(lock: Lock): Promise<number> {
  await once(lock.signal, 'abort')
  return Date.now()
}

describe('a lost reply', () => {
  it('of acquire is asked for again: the same caller gets the lock', async () => {
    const { proxy, locks, other, direct, key } = await faultyLocks(60_000)
    proxy.dropNextReply()
    const lock = await locks.acquire('a')
    lock.assertHeld()
    expect(await other.tryAcquire('a')).toBeUndefined()
    expect(Number(await direct.hget(key('a'), 'fence'))).toBe(lock.fence)
    expect(await lock.release()).toBe('released')
  })

  it('of tryAcquire orphans nothing: the lock is free long before its ttl', async () => {
    const { proxy, locks, other, direct, key } = await faultyLocks(60_000)
    proxy.dropNextReply()
    await expect(locks.tryAcquire('a')).rejects.toThrow(StoreUnavailableError)
    // It was applied: there is a fence.
    expect(await direct.hexists(key('a'), 'fence')).toBe(1)
    await waitUntil(isFree(other, 'a'), { what: 'the orphan to be freed', timeoutMs: 5000 })
  })

  it('of release is asked for again, and told as released', async () => {
    const { proxy, locks, other } = await faultyLocks(60_000)
    const lock = await locks.acquire('a')
    proxy.dropNextReply()
    expect(await lock.release()).toBe('released')
    expect(await isFree(other, 'a')()).toBe(true)
  })

  it('of a renewal costs nothing', async () => {
    const { proxy, locks, other } = await faultyLocks(1500)
    const lock = await locks.acquire('a')
    proxy.dropNextReply()
    await expect(other.acquire('a', { wait: '3s' })).rejects.toMatchObject({
      code: 'SLUICE_LOCK_TIMEOUT',
    })
    lock.assertHeld()
    expect(await lock.release()).toBe('released')
  })
})

describe('a Redis that stands still for longer than the ttl', () => {
  it('is told to the holder before the key can expire', async () => {
    const { server, locks, other, direct, key } = await faultyLocks(4000)
    const lock = await locks.acquire('a')
    const told = toldAtMs(lock)
    // The lease ends by the clock of Redis, which is this machine's.
    const [expiresAtMs = 0] =
      (await direct.hget(key('a'), lock.token))?.split(' ').map(Number) ?? []
    expect(expiresAtMs).toBeGreaterThan(Date.now())
    server.pause()
    const toldMs = await told
    expect(toldMs).toBeLessThan(expiresAtMs)
    expect(lock.signal.reason).toBeInstanceOf(LockLostError)
    expect(lock.signal.reason).toMatchObject({ reason: 'deadline' })
    expect(() => lock.assertHeld()).toThrow(LockLostError)
    // Nothing hangs: what Redis does not answer is settled without it.
    expect(await lock.release()).toBe('expired')
    await waitUntil(() => Date.now() > expiresAtMs, { what: 'the expiry of the key' })
    server.resume()
    await waitUntil(isFree(other, 'a'), { what: 'the lock to be free', timeoutMs: 5000 })
  })

  it('fails acquire soon, and leaves nothing behind when it goes on', async () => {
    const { server, locks, other } = await faultyLocks(60_000)
    server.pause()
    const startedMs = performance.now()
    await expect(locks.acquire('a')).rejects.toMatchObject({ reason: 'timeout' })
    expect(performance.now() - startedMs).toBeLessThan(5000)
    server.resume()
    // Both requests are applied now; then comes what frees them.
    await waitUntil(isFree(other, 'a'), { what: 'the lock to be free', timeoutMs: 5000 })
    expect((await other.inspect('a')).fence).toBeDefined()
  })

  it('is survived by a lease that is longer', async () => {
    const { server, locks } = await faultyLocks(6000)
    const lock = await locks.acquire('a')
    server.pause()
    await waitUntil(() => lock.remainingMs < 2500, { what: 'a renewal to fail' })
    server.resume()
    await waitUntil(() => lock.remainingMs > 5000, { what: 'a renewal to succeed' })
    expect(await lock.release()).toBe('released')
  })
})

describe('a Redis that is gone', () => {
  it('fails acquire at once', async () => {
    const { server, locks } = await faultyLocks(60_000)
    await server.kill()
    await expect(locks.acquire('a')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
    await expect(locks.tryRun('a', () => 42)).rejects.toThrow(StoreUnavailableError)
  })

  it('does not take the result of work that was done under the lock', async () => {
    const { server, locks } = await faultyLocks(60_000)
    const value = await locks.run('a', async () => {
      await server.kill()
      return 42
    })
    expect(value).toBe(42)
  })

  it('and comes back empty, is told to the holder; the fence rises all the same', async () => {
    const { server, locks, other } = await faultyLocks(1500)
    const lock = await locks.acquire('a')
    const told = toldAtMs(lock)
    await server.restart()
    await told
    await waitUntil(async () => (await other.inspect('a').catch(() => undefined)) !== undefined, {
      what: 'the other client to be back',
    })
    const next = await other.acquire('a')
    expect(next.fence).toBeGreaterThan(lock.fence)
  })
})
