import { StoreUnavailableError } from '@sluice/core'
import { describe, expect, it } from 'vitest'
import { fixture, rejection } from './fixture.ts'
import { settled } from './manual-time.ts'

describe('a lost reply', () => {
  it('of acquire is asked for again, and the lock recognised by its token', async () => {
    const { locks, fail, calls } = fixture()
    fail('acquire', 'lost-reply')
    const lock = await locks.acquire('a', { wait: '1s' })
    lock.assertHeld()
    expect(calls).toEqual(['acquire', 'acquire'])
    expect(await lock.release()).toBe('released')
  })

  it('of acquire over a cut connection is asked for again when the client is back', async () => {
    const { locks, time, fail, calls } = fixture('disconnected')
    fail('acquire', 'lost-reply')
    const acquiring = locks.acquire('a')
    await settled()
    expect(calls).toEqual(['acquire'])
    await time.advance(200)
    ;(await acquiring).assertHeld()
  })

  it('of acquire without a wait rejects, and the lock is free soon, each time', async () => {
    const { locks, fail } = fixture()
    for (const name of ['a', 'b']) {
      fail('acquire', 'lost-reply')
      await expect(locks.tryAcquire(name)).rejects.toThrow(StoreUnavailableError)
      await settled()
      expect(await locks.tryAcquire(name)).toBeDefined()
    }
  })

  it('of every acquire rejects, and the lock is free when the store answers again', async () => {
    const { locks, time, fail, failAlways } = fixture()
    failAlways('release', 'lost-request')
    fail('acquire', 'lost-reply', 'lost-reply')
    expect(await rejection(locks.acquire('a'))).toBeInstanceOf(StoreUnavailableError)
    await time.advance(1000)
    expect(await locks.inspect('a')).toMatchObject({ held: true })
    failAlways('release', undefined)
    await time.advance(1000)
    expect(await locks.inspect('a')).toMatchObject({ held: false })
    expect(time.timers()).toBe(0)
  })

  it('is not waited for longer than the lease can last', async () => {
    const { locks, time, fail, failAlways } = fixture()
    failAlways('release', 'lost-request')
    fail('acquire', 'lost-reply')
    await rejection(locks.tryAcquire('a', { ttl: '10s' }))
    await time.advance(11_000)
    expect(time.timers()).toBe(0)
  })

  it('of release is asked for again, and told as released', async () => {
    const { locks, fail, calls } = fixture()
    const lock = await locks.acquire('a')
    fail('release', 'lost-reply')
    expect(await lock.release()).toBe('released')
    expect(calls).toEqual(['acquire', 'release', 'release'])
  })

  it('of every release rejects, and the lock is free when the store answers again', async () => {
    const { locks, time, fail } = fixture()
    const lock = await locks.acquire('a')
    fail('release', 'lost-request', 'lost-request', 'lost-request')
    await expect(lock.release()).rejects.toThrow(StoreUnavailableError)
    expect(() => lock.assertHeld()).toThrow(/was released/)
    await time.advance(200)
    expect(await locks.inspect('a')).toMatchObject({ held: false })
  })

  it('is no reason to ask again when the store said no', async () => {
    const { locks, fail, calls } = fixture('breaker-open')
    fail('acquire', 'lost-request')
    await expect(locks.acquire('a')).rejects.toMatchObject({ reason: 'breaker-open' })
    await settled()
    expect(calls).toEqual([])
  })
})

describe('a call that never left', () => {
  it('of release is no proof that the lease was there: the second asking tells', async () => {
    const { locks, cache, fail, calls } = fixture()
    const [kept, lost] = [await locks.acquire('a'), await locks.acquire('b')]
    fail('release', 'never-sent')
    expect(await kept.release()).toBe('released')
    await cache.store.delete([cache.stateKey('lock', 'b')])
    fail('release', 'never-sent')
    expect(await lost.release()).toBe('expired')
    expect(calls).toEqual(['acquire', 'acquire', 'release', 'release'])
  })

  it('of acquire leaves nothing to free', async () => {
    const { locks, fail, calls } = fixture()
    fail('acquire', 'never-sent')
    await expect(locks.tryAcquire('a')).rejects.toMatchObject({ mayHaveApplied: false })
    await settled()
    expect(calls).toEqual([])
  })

  it('at the second asking does not hide that the first may have been done', async () => {
    const { locks, fail } = fixture()
    fail('acquire', 'lost-reply', 'never-sent')
    await expect(locks.acquire('a', { wait: '1s' })).rejects.toMatchObject({ mayHaveApplied: true })
    await settled()
    expect(await locks.inspect('a')).toMatchObject({ held: false })
  })

  it('of release, since the store is not asked for a while, is made when it answers again', async () => {
    const { locks, time, fail } = fixture('breaker-open')
    const lock = await locks.acquire('a')
    fail('release', 'never-sent', 'never-sent')
    await expect(lock.release()).rejects.toMatchObject({ reason: 'breaker-open' })
    await settled()
    expect(await locks.inspect('a')).toMatchObject({ held: true })
    await time.advance(200)
    expect(await locks.inspect('a')).toMatchObject({ held: false })
  })
})

describe('an outage', () => {
  it('costs one probe at a time, however many calls it failed', async () => {
    const { locks, time, cache, failAlways, calls } = fixture()
    failAlways('acquire', 'lost-reply')
    failAlways('release', 'lost-request')
    await Promise.all(Array.from({ length: 1100 }, (_, n) => rejection(locks.tryAcquire(`a${n}`))))
    await settled()
    expect(time.timers()).toBe(1)
    calls.length = 0
    failAlways('release', undefined)
    await time.advance(1000)
    // The oldest hundred are left to expire.
    expect(calls.length).toBe(1000)
    expect(time.timers()).toBe(0)
    expect((await locks.inspect('a99')).held).toBe(true)
    expect((await locks.inspect('a100')).held).toBe(false)
    await cache.store.close()
  })

  it('ends for good when the store is closed', async () => {
    const { locks, time, cache, fail } = fixture()
    fail('acquire', 'lost-reply')
    fail('release', 'lost-request')
    await rejection(locks.tryAcquire('a'))
    await cache.store.close()
    await time.advance(1000)
    expect(time.timers()).toBe(0)
  })
})

describe('a lease that was over when the reply came', () => {
  it('is not handed out, and free soon', async () => {
    const { locks, time, around } = fixture()
    around('acquire', async (apply) => {
      await apply()
      time.block(95)
    })
    await expect(locks.tryAcquire('a', { ttl: 100 })).rejects.toThrow(/Choose a longer "ttl"/)
    await settled()
    expect(await locks.inspect('a')).toMatchObject({ held: false })
    expect(await locks.tryAcquire('a', { ttl: 110 })).toBeDefined()
  })
})
