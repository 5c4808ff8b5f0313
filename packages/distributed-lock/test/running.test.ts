import { channel } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'
import { LockBusyError, LockLostError } from '../src/index.ts'
import { fixture, rejection } from './fixture.ts'

const ttlMs = 30_000

describe('run', () => {
  it('resolves to what the work returned, and gives the lock back', async () => {
    const { locks } = fixture()
    const value = await locks.run('a', async (lock) => {
      lock.assertHeld()
      expect(await locks.inspect('a')).toMatchObject({ held: true, fence: lock.fence })
      return 42
    })
    expect(value).toBe(42)
    expect(await locks.inspect('a')).toMatchObject({ held: false })
  })

  it('takes work that is not asynchronous', async () => {
    const { locks } = fixture()
    expect(await locks.run('a', () => 42)).toBe(42)
    await expect(
      locks.run('a', () => {
        throw new RangeError('of the work')
      }),
    ).rejects.toThrow(RangeError)
    expect(await locks.inspect('a')).toMatchObject({ held: false })
  })

  it('rejects with the error of the work, also when the lease was lost', async () => {
    const { locks, time } = fixture()
    const error = new Error('of the work')
    const running = locks.run('a', async () => {
      time.block(ttlMs)
      throw error
    })
    expect(await rejection(running)).toBe(error)
  })

  it('rejects when the lease was lost before the work ended, and carries what it returned', async () => {
    const { locks, time } = fixture()
    const running = locks.run(
      'a',
      async (lock) => {
        time.block(ttlMs)
        return { paid: true, fence: lock.fence }
      },
      { ttl: ttlMs },
    )
    const error = await rejection(running)
    expect(error).toBeInstanceOf(LockLostError)
    if (!(error instanceof LockLostError)) return
    expect(error.value).toEqual({ paid: true, fence: error.fence })
    expect(error).toMatchObject({ lockName: 'a', reason: 'deadline' })
  })

  it('rejects when the store had forgotten the lease by the end', async () => {
    const { locks, cache } = fixture()
    const running = locks.run('a', async () => {
      await cache.store.delete([cache.stateKey('lock', 'a')])
      return 42
    })
    expect(await rejection(running)).toMatchObject({ reason: 'gone', value: 42 })
  })

  it('does not reject because the release failed, and publishes that', async () => {
    const { locks, failAlways } = fixture()
    const seen: unknown[] = []
    const failures = channel('sluice:distributed-lock:failure')
    const hear = (message: unknown): void => void seen.push(message)
    failures.subscribe(hear)
    onTestFinished(() => {
      failures.unsubscribe(hear)
    })
    failAlways('release', 'lost-request')
    expect(await locks.run('a', async () => 42)).toBe(42)
    expect(seen).toEqual([expect.objectContaining({ verb: 'release', instead: 'left to expire' })])
  })

  it('lets the work give the lock back early', async () => {
    const { locks, time } = fixture()
    const value = await locks.run('a', async (lock) => {
      await lock.release()
      time.block(ttlMs)
      return 42
    })
    expect(value).toBe(42)
  })

  it('does not start the work when the lock is held', async () => {
    const { locks } = fixture()
    await locks.acquire('a')
    let ran = false
    const running = locks.run('a', () => (ran = true), { wait: 0 })
    expect(await rejection(running)).toBeInstanceOf(LockBusyError)
    expect(ran).toBe(false)
  })

  it('does not start the work when the store does not answer', async () => {
    const { locks, failAlways } = fixture()
    failAlways('acquire', 'lost-request')
    let ran = false
    await expect(locks.run('a', () => (ran = true))).rejects.toMatchObject({
      code: 'SLUICE_STORE_UNAVAILABLE',
    })
    expect(ran).toBe(false)
  })

  it('is one after the other for one name', async () => {
    const { locks, time } = fixture()
    let inside = 0
    let most = 0
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside)
      await time.sleep(10)
      inside--
    }
    const all = Promise.all(
      Array.from({ length: 20 }, () => locks.run('a', work, { wait: Infinity })),
    )
    await time.advance(60_000)
    await all
    expect(most).toBe(1)
  })
})

describe('tryRun', () => {
  it('answers what the work returned', async () => {
    const { locks } = fixture()
    expect(await locks.tryRun('a', async () => 42)).toEqual({ ran: true, value: 42 })
    expect(await locks.inspect('a')).toMatchObject({ held: false })
  })

  it('answers that it did not run, and for how long the lock is held', async () => {
    const { locks, time } = fixture()
    await locks.acquire('a', { ttl: '30s' })
    time.block(1000)
    const outcome = await locks.tryRun('a', () => {
      throw new Error('ran')
    })
    expect(outcome).toEqual({ ran: false, remainingMs: 29_000 })
  })

  it('rejects with the error of the work, and with a lost lease', async () => {
    const { locks, time } = fixture()
    const error = new Error('of the work')
    await expect(locks.tryRun('a', () => Promise.reject(error))).rejects.toBe(error)
    const late = locks.tryRun('a', () => time.block(ttlMs))
    await expect(late).rejects.toThrow(LockLostError)
  })

  it('rejects when the store does not answer', async () => {
    const { locks, failAlways } = fixture()
    failAlways('acquire', 'lost-request')
    await expect(locks.tryRun('a', () => 42)).rejects.toMatchObject({
      code: 'SLUICE_STORE_UNAVAILABLE',
    })
  })
})
