import { describe, expect, it } from 'vitest'
import { createLocksBy } from '../src/create-locks.ts'
import type { Lock } from '../src/index.ts'
import { fixture, rejection } from './fixture.ts'

describe('a lock that is asked for again by the work under it', () => {
  it('is had at once where that was allowed, with the same fence', async () => {
    const { locks, calls } = fixture()
    await locks.run('a', async (outer) => {
      const inner = await locks.run('a', (lock) => lock.fence, { reentrant: true })
      expect(inner).toBe(outer.fence)
      const tried = await locks.tryRun('a', (lock) => lock.fence, { reentrant: true })
      expect(tried).toEqual({ ran: true, value: outer.fence })
      expect(calls).toEqual(['acquire'])
    })
  })

  it('is given back by the outermost alone', async () => {
    const { locks } = fixture()
    await locks.run('a', async (outer) => {
      const inner = await locks.acquire('a', { reentrant: true })
      expect(await inner.release()).toBe('released')
      await inner[Symbol.asyncDispose]()
      outer.assertHeld()
      expect(await locks.inspect('a')).toMatchObject({ held: true })
    })
    expect(await locks.inspect('a')).toMatchObject({ held: false })
  })

  it('is busy where that was not allowed', async () => {
    const { locks } = fixture()
    await locks.run('a', async () => {
      expect(await locks.tryAcquire('a')).toBeUndefined()
      await expect(locks.acquire('a', { wait: 0 })).rejects.toMatchObject({
        code: 'SLUICE_LOCK_BUSY',
      })
    })
  })

  it('is another lock under another name, of another kind, and in another namespace', async () => {
    const { locks, another, cache, time } = fixture()
    const elsewhere = createLocksBy(time, { cache: cache.namespace('eu') })
    await locks.run('a', async (outer) => {
      const other = await locks.tryAcquire('b', { reentrant: true })
      expect(other?.token).not.toBe(outer.token)
      const inEurope = await elsewhere.tryAcquire('a', { reentrant: true })
      expect(inEurope?.token).not.toBe(outer.token)
      const semaphore = await locks.semaphore('a', 1).tryAcquire({ reentrant: true })
      expect(semaphore?.token).not.toBe(outer.token)
      // The same lock, by another createLocks.
      const same = await another().tryAcquire('a', { reentrant: true })
      expect(same?.token).toBe(outer.token)
    })
  })

  it('is not had by what the work left running', async () => {
    const { locks, time } = fixture()
    let late: Promise<Lock | undefined> = Promise.resolve(undefined)
    await locks.run('a', async () => {
      late = time.sleep(100).then(() => locks.tryAcquire('a', { reentrant: true }))
    })
    const next = await locks.acquire('a')
    await time.advance(100)
    expect(await late).toBeUndefined()
    next.assertHeld()
  })

  it('is told as lost where it was lost', async () => {
    const { locks, time } = fixture()
    const outer = locks.run('a', async () => {
      time.block(30_000)
      return rejection(locks.acquire('a', { reentrant: true }))
    })
    expect(await rejection(outer)).toMatchObject({
      reason: 'deadline',
      value: { code: 'SLUICE_LOCK_LOST' },
    })
  })
})

describe('work whose lock was lost', () => {
  it('resolves all the same where that was asked for', async () => {
    const { locks, time } = fixture()
    const late = (): number => {
      time.block(30_000)
      return 42
    }
    expect(await locks.run('a', late, { onLost: 'ignore' })).toBe(42)
    expect(await locks.tryRun('a', late, { onLost: 'ignore' })).toEqual({ ran: true, value: 42 })
    expect(await rejection(locks.run('a', late, { onLost: 'throw' }))).toMatchObject({ value: 42 })
  })

  it('is not run with a policy that is none', async () => {
    const { locks } = fixture()
    // @ts-expect-error no such policy
    await expect(locks.run('a', () => 42, { onLost: 'retry' })).rejects.toThrow(/onLost/)
  })
})
