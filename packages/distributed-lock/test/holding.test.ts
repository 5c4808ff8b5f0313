import { describe, expect, it } from 'vitest'
import { createLocksBy } from '../src/create-locks.ts'
import { LockLostError } from '../src/index.ts'
import { fixture, rejection, type Advice } from './fixture.ts'

describe('a lock', () => {
  it('is held by one at a time', async () => {
    const { locks } = fixture()
    const first = await locks.tryAcquire('a')
    expect(await locks.tryAcquire('a')).toBeUndefined()
    await first?.release()
    expect(await locks.tryAcquire('a')).toBeDefined()
  })

  it('is one per name', async () => {
    const { locks } = fixture()
    await locks.acquire('a')
    expect(await locks.tryAcquire('b')).toBeDefined()
  })

  it('shares nothing with the lock of the same name in another namespace', async () => {
    const { cache, locks, time } = fixture()
    const other = createLocksBy(time, { cache: cache.namespace('eu') })
    await locks.acquire('a')
    expect(await other.tryAcquire('a')).toBeDefined()
  })

  it('tells its name and what is left of its lease', async () => {
    const { locks, time } = fixture()
    const lock = await locks.acquire('a', { ttl: '10s' })
    expect(lock.name).toBe('a')
    // 10 000 less 1 % and 2 ms of drift, less 500 ms of margin.
    expect(lock.remainingMs).toBe(9398)
    time.block(1000)
    expect(lock.remainingMs).toBe(8398)
    await lock.release()
    expect(lock.remainingMs).toBe(0)
  })

  it('is renewed for as long as it is held, and no longer', async () => {
    const { locks, time, calls } = fixture()
    const lock = await locks.acquire('a', { ttl: '30s' })
    await time.advance(600_000)
    lock.assertHeld()
    expect(await locks.tryAcquire('a')).toBeUndefined()
    expect(calls.filter((verb) => verb === 'extend').length).toBe(60)
    expect(await lock.release()).toBe('released')
    await time.advance(600_000)
    expect(calls.filter((verb) => verb === 'extend').length).toBe(60)
  })

  it('is renewed at once by extend()', async () => {
    const { locks, time } = fixture()
    const lock = await locks.acquire('a', { ttl: '30s' })
    time.block(9000)
    await lock.extend()
    expect(lock.remainingMs).toBe(28_698)
  })

  it('has the ttl that extend() was given, from then on', async () => {
    const { locks, time, calls } = fixture()
    const lock = await locks.acquire('a', { ttl: '30s' })
    await lock.extend('5m')
    expect(await locks.inspect('a')).toMatchObject({ remainingMs: 300_000 })
    await time.advance(100_001)
    expect(calls.filter((verb) => verb === 'extend').length).toBe(2)
    expect(lock.remainingMs).toBeGreaterThan(295_000)
    await lock.extend('1s')
    // What it has is not cut short: a request may come late, after a longer one.
    expect(lock.remainingMs).toBeGreaterThan(295_000)
    await time.advance(299_000)
    expect(lock.remainingMs).toBeLessThan(1000)
    lock.assertHeld()
  })

  it('is not held for longer than maxHold, however often it is renewed', async () => {
    const { locks, time } = fixture()
    const lock = await locks.acquire('a', { ttl: '30s', maxHold: '1m' })
    await time.advance(59_999)
    lock.assertHeld()
    await time.advance(1)
    expect(lock.signal.reason).toMatchObject({ code: 'SLUICE_LOCK_LOST', reason: 'max-hold' })
    // The work may not have heard the signal yet: the store keeps the lease until it says so, or to its end.
    expect(await locks.tryAcquire('a')).toBeUndefined()
    expect(await lock.release()).toBe('expired')
    await time.advance(1000)
    expect(await locks.inspect('a')).toMatchObject({ held: false })
  })

  it('has a lease that is counted from before the request, however late the reply', async () => {
    const { locks, time, around } = fixture()
    const slow: Advice = async (apply) => {
      await apply()
      time.block(1000)
    }
    around('acquire', slow)
    around('extend', slow)
    const lock = await locks.acquire('a', { ttl: '30s' })
    expect(lock.remainingMs).toBe(27_698)
    time.block(9000)
    await lock.extend()
    expect(lock.remainingMs).toBe(27_698)
  })

  it('is not told as lost when its release overtakes a renewal', async () => {
    const { locks, around } = fixture()
    const lock = await locks.acquire('a')
    let letGo = (): void => undefined
    around('extend', async (apply) => {
      await new Promise<void>((resolve) => (letGo = resolve))
      await apply()
    })
    const extending = rejection(lock.extend())
    expect(await lock.release()).toBe('released')
    letGo()
    expect(await extending).toMatchObject({ reason: 'released' })
    expect(lock.signal.aborted).toBe(false)
  })

  it('is not held after its release', async () => {
    const { locks } = fixture()
    const lock = await locks.acquire('a')
    await lock.release()
    expect(() => lock.assertHeld()).toThrow(LockLostError)
    await expect(lock.extend()).rejects.toMatchObject({ reason: 'released' })
    expect(lock.signal.aborted).toBe(false)
  })

  it('is released once, however often it is asked to', async () => {
    const { locks, calls } = fixture()
    const lock = await locks.acquire('a')
    expect(await Promise.all([lock.release(), lock.release()])).toEqual(['released', 'released'])
    expect(calls.filter((verb) => verb === 'release').length).toBe(1)
  })

  it('works with methods that are taken off it', async () => {
    const { locks } = fixture()
    const { assertHeld, extend, release } = await locks.acquire('a')
    assertHeld()
    await extend()
    expect(await release()).toBe('released')
  })

  it('is given back at the end of its block', async () => {
    const { locks } = fixture()
    {
      await using lock = await locks.acquire('a')
      lock.assertHeld()
    }
    expect(await locks.inspect('a')).toMatchObject({ held: false })
  })

  it('leaves no timer behind', async () => {
    const { locks, time } = fixture()
    const lock = await locks.acquire('a')
    await time.advance(15_000)
    expect(time.timers()).toBe(2)
    await lock.release()
    expect(time.timers()).toBe(0)
  })
})

describe('a fence', () => {
  it('rises with each holder, by the clock of the store', async () => {
    const { locks, time } = fixture()
    const first = await locks.acquire('a')
    await first.release()
    time.block(1)
    const second = await locks.acquire('a')
    expect(first.fence).toBe(Date.UTC(2026, 0, 1) * 1000)
    expect(second.fence - first.fence).toBe(1000)
  })

  it('rises within one tick of the clock, and when the clock goes back', async () => {
    const { locks, time } = fixture()
    const fences = []
    for (const jumpMs of [0, 0, -60_000]) {
      time.jumpWall(jumpMs)
      const lock = await locks.acquire('a')
      fences.push(lock.fence)
      await lock.release()
    }
    const [first = 0] = fences
    expect(fences).toEqual([first, first + 1, first + 2])
  })

  it('is remembered for as long as was asked', async () => {
    const { cache, time } = fixture()
    const locks = createLocksBy(time, { cache, fenceRetention: '1d' })
    await (await locks.acquire('a', { ttl: '1m' })).release()
    time.block(86_400_000)
    expect(await locks.inspect('a')).toMatchObject({ fence: expect.any(Number) as number })
    time.block(3_660_001)
    expect(await locks.inspect('a')).toMatchObject({ fence: undefined })
  })

  it('stays the same while the lock is renewed', async () => {
    const { locks, time } = fixture()
    const lock = await locks.acquire('a')
    await time.advance(60_000)
    expect(await locks.inspect('a')).toMatchObject({ fence: lock.fence })
  })

  it('is remembered for a week after the last lease, then forgotten within the hour, and rises still', async () => {
    const { locks, time } = fixture()
    const lock = await locks.acquire('a', { ttl: '1m' })
    await lock.release()
    time.block(7 * 86_400_000)
    expect(await locks.inspect('a')).toMatchObject({ fence: lock.fence })
    time.block(3_660_001)
    expect(await locks.inspect('a')).toMatchObject({ fence: undefined })
    expect((await locks.acquire('a')).fence).toBeGreaterThan(lock.fence)
  })
})

describe('inspect', () => {
  it('tells of a free lock', async () => {
    const { locks } = fixture()
    expect(await locks.inspect('a')).toEqual({
      held: false,
      owner: undefined,
      remainingMs: 0,
      fence: undefined,
      holders: [],
      waiting: 0,
    })
  })

  it('tells who holds the lock, and until when', async () => {
    const { locks, time } = fixture()
    const { fence } = await locks.acquire('a', { ttl: '30s' })
    time.block(1000)
    void locks.acquire('a').catch(() => undefined)
    const seen = await locks.inspect('a')
    const owner = expect.stringMatching(`:${process.pid}$`) as string
    const lease = { owner, remainingMs: 29_000, fence }
    expect(seen).toEqual({ held: true, ...lease, holders: [{ ...lease, units: 1 }], waiting: 1 })
  })
})
