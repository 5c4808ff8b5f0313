import { setTimeout } from 'node:timers/promises'
import { createCache, type Cache, type RootCache, type Store } from '@sluice/core'
import { waitUntil } from '@sluice/testkit'
import { expect, it, onTestFinished } from 'vitest'
import { createLocks, fencedGet, fencedSet } from '../src/index.ts'

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
        { wait: '15s', ...(n % 5 === 0 ? { retry: { delay: 5, max: 50 } } : {}) },
      )
    }
    await Promise.all(Array.from({ length: 50 }, (_, n) => contend(n)))
    expect(await caches[1].get('count')).toBe(50)
    expect(register).toEqual(register.toSorted((a, b) => a - b))
    expect(new Set(register).size).toBe(50)
  })

  it('20 waiters of two clients are served in the order in which they came, without asking again', async () => {
    const [ours, theirs] = openTwo()
    const locks = [createLocks({ cache: ours }), createLocks({ cache: theirs })] as const
    const first = await locks[0].acquire('a')
    const order: number[] = []
    const turns: Promise<unknown>[] = []
    for (let n = 0; n < 20; n++) {
      turns.push((locks[n % 2] ?? locks[0]).run('a', () => order.push(n)))
      await waitUntil(async () => (await locks[0].inspect('a')).waiting === n + 1, {
        what: `waiter ${n} to stand in the line`,
      })
    }
    const startedMs = performance.now()
    await first.release()
    await Promise.all(turns)
    expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n))
    // Messages alone are as fast as that: who asks again does so every five seconds.
    expect(performance.now() - startedMs).toBeLessThan(2000)
    expect(await locks[1].inspect('a')).toMatchObject({ held: false, waiting: 0 })
  })

  it('a waiter that gives up leaves the line, and the next is served', async () => {
    const [ours, theirs] = openTwo().map((cache) => createLocks({ cache }))
    const first = await ours?.acquire('a')
    const controller = new AbortController()
    const second = ours?.acquire('a', { signal: controller.signal })
    const third = theirs?.acquire('a', { wait: '300ms' })
    await expect(third).rejects.toMatchObject({ code: 'SLUICE_LOCK_TIMEOUT' })
    const fourth = theirs?.acquire('a')
    await waitUntil(async () => (await ours?.inspect('a'))?.waiting === 2, { what: 'two in line' })
    controller.abort(new Error('shutting down'))
    await expect(second).rejects.toThrow('shutting down')
    await first?.release()
    expect(await (await fourth)?.release()).toBe('released')
  })

  it('a semaphore lets in as many as it has permits, of all clients together', async () => {
    const semaphores = openTwo().map((cache) => createLocks({ cache }).semaphore('api', 3))
    let inside = 0
    let most = 0
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside)
      await setTimeout(5)
      inside--
    }
    const turns = Array.from({ length: 30 }, (_, n) => semaphores[n % 2]?.run(work))
    await Promise.all(turns.map(async (turn) => turn))
    expect(most).toBe(3)
    expect(await semaphores[0]?.inspect()).toMatchObject({ held: false, waiting: 0 })
  })

  it('readers read together, a writer writes alone, and neither keeps the other out for ever', async () => {
    const [ours, theirs] = openTwo().map((cache) => createLocks({ cache }).readWrite('index'))
    const log: string[] = []
    const readers = await Promise.all([ours?.read.acquire(), theirs?.read.acquire()])
    const writing = ours?.write.run(() => log.push('write'))
    await waitUntil(async () => (await ours?.read.inspect())?.waiting === 1, { what: 'a writer' })
    const late = theirs?.read.run(() => log.push('read'))
    await waitUntil(async () => (await ours?.read.inspect())?.waiting === 2, { what: 'a reader' })
    expect(await theirs?.read.tryAcquire()).toBeUndefined()
    for (const reader of readers) await reader?.release()
    await writing
    await late
    expect(log).toEqual(['write', 'read'])
  })

  it('several locks are held together or not at all, wherever they are kept', async () => {
    const [ours, theirs] = openTwo().map((cache) => createLocks({ cache }))
    const names = ['a', 'b', 'c', 'd', 'e']
    const set = await ours?.acquireAll(names)
    expect([...(set?.locks.keys() ?? [])]).toEqual(names)
    for (const name of names) expect(await theirs?.tryAcquire(name)).toBeUndefined()
    await expect(theirs?.acquireAll(['e', 'x'], { wait: 0 })).rejects.toMatchObject({
      code: 'SLUICE_LOCK_BUSY',
      lockName: 'e',
    })
    expect((await ours?.inspect('x'))?.held).toBe(false)
    let inside = 0
    const turns = [names, names.toReversed()].map((own, at) =>
      [ours, theirs][at]?.runAll(own, async () => {
        expect(++inside).toBe(1)
        await setTimeout(20)
        inside--
      }),
    )
    await setTimeout(50)
    expect(await set?.release()).toBe('released')
    await Promise.all(turns.map(async (turn) => turn))
    for (const name of names) expect((await ours?.inspect(name))?.held).toBe(false)
  })

  it('a resource refuses a holder that was overtaken', async () => {
    const [ours, theirs] = openTwo()
    const write = (cache: Cache, fence: number): Promise<boolean> =>
      fencedSet(cache, 'balance', { fence }, { fence, ttl: '1h' })
    const first = await createLocks({ cache: ours }).acquire('a')
    expect(await write(ours, first.fence)).toBe(true)
    await first.release()
    const second = await createLocks({ cache: theirs }).acquire('a')
    expect(await write(theirs, second.fence)).toBe(true)
    expect(await write(ours, first.fence)).toBe(false)
    expect(await fencedGet(ours, 'balance')).toEqual({ fence: second.fence })
  })

  it('a forced release hands over, and the old holder is told', async () => {
    const [ours, theirs] = openTwo().map((cache) => createLocks({ cache, ttl: '600ms' }))
    const first = await ours?.acquire('a')
    const waiting = theirs?.acquire('a')
    await waitUntil(async () => (await ours?.inspect('a'))?.waiting === 1, { what: 'a waiter' })
    expect(await ours?.forceRelease('a')).toBe(1)
    const second = await waiting
    expect(second?.fence).toBeGreaterThan(first?.fence ?? Infinity)
    await waitUntil(() => first?.signal.aborted === true, { what: 'the old holder to be told' })
    expect(first?.signal.reason).toMatchObject({ reason: 'gone' })
    second?.assertHeld()
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
