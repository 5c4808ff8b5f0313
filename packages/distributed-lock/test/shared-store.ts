import { createCache, type Cache, type RootCache, type Store } from '@sluice/core'
import { expect, it, onTestFinished } from 'vitest'
import { createLocks } from '../src/index.ts'

/** Opens a cache on a shared store and closes it when the test ends. */
export function openCache(store: Store, prefix: string): RootCache {
  const cache = createCache({ store, prefix })
  onTestFinished(() => cache.close())
  return cache
}

/** What locks promise on every store that processes share, each cache a client of its own. */
export function sharedStoreSuite(openTwo: () => readonly [Cache, Cache]): void {
  it('a lock is held by one client at a time', async () => {
    const [ours, theirs] = openTwo().map((cache) => createLocks({ cache }))
    const lock = await ours?.acquire('a')
    expect(await theirs?.tryAcquire('a')).toBeUndefined()
    expect(await theirs?.inspect('a')).toMatchObject({ held: true, fence: lock?.fence })
    expect(await lock?.release()).toBe('released')
    const next = await theirs?.tryAcquire('a')
    expect(next?.fence).toBeGreaterThan(lock?.fence ?? Infinity)
    expect(await next?.release()).toBe('released')
  })

  it('50 contenders of two clients get in one by one, with rising fences', async () => {
    const caches = openTwo()
    const register: number[] = []
    let inside = 0
    const contend = async (n: number): Promise<void> => {
      const cache = caches[n % 2] ?? caches[0]
      await createLocks({ cache }).run(
        'a',
        async ({ fence }) => {
          expect(++inside).toBe(1)
          // Read, let others in if the lock does, then write: an update that is lost shows in the count.
          const count = (await cache.get<number>('count')) ?? 0
          await cache.set('count', count + 1)
          register.push(fence)
          inside--
        },
        { wait: '15s', retry: { delay: 5, max: 50 } },
      )
    }
    await Promise.all(Array.from({ length: 50 }, (_, n) => contend(n)))
    expect(await caches[1].get('count')).toBe(50)
    expect(register).toEqual(register.toSorted((a, b) => a - b))
    expect(new Set(register).size).toBe(50)
  })

  it('any name is a lock, braces included', async () => {
    const [cache] = openTwo()
    const locks = createLocks({ cache })
    for (const name of ['{a}', 'a}{b', '💡 {', '*']) {
      const lock = await locks.acquire(name)
      await lock.extend()
      expect(await lock.release()).toBe('released')
    }
  })

  it('a lock outlives many ttls while it is held', async () => {
    const [ours, theirs] = openTwo().map((cache) => createLocks({ cache, ttl: '1s' }))
    const lock = await ours?.acquire('a')
    await expect(theirs?.acquire('a', { wait: '3s' })).rejects.toMatchObject({
      code: 'SLUICE_LOCK_TIMEOUT',
    })
    lock?.assertHeld()
    expect(await lock?.release()).toBe('released')
  })
}
