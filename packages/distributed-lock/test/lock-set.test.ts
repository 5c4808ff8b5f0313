import { OptionError } from '@sluice/core'
import { describe, expect, it } from 'vitest'
import { currentLock, LockBusyError, LockLostError } from '../src/index.ts'
import { fixture, rejection } from './fixture.ts'
import { settled } from './manual-time.ts'

describe('several locks at once', () => {
  it('are taken by one command where all are free', async () => {
    const { locks, calls } = fixture()
    const set = await locks.acquireAll(['b', 'a', 'b'])
    expect(calls).toEqual(['acquireAll'])
    expect([...set.locks.keys()]).toEqual(['a', 'b'])
    set.assertHeld()
    expect(await locks.tryAcquire('a')).toBeUndefined()
    expect(await locks.tryAcquire('b')).toBeUndefined()
    expect(await set.release()).toBe('released')
    for (const name of ['a', 'b']) expect((await locks.inspect(name)).held).toBe(false)
  })

  it('are not taken at all where one is busy', async () => {
    const { locks } = fixture()
    await locks.acquire('b', { ttl: '30s' })
    const error = await rejection(locks.acquireAll(['a', 'b', 'c'], { wait: 0 }))
    expect(error).toBeInstanceOf(LockBusyError)
    expect(error).toMatchObject({ lockName: 'b', remainingMs: 30_000 })
    for (const name of ['a', 'c']) {
      expect(await locks.inspect(name)).toMatchObject({ held: false, fence: undefined })
    }
  })

  it('are waited for, and given back where the wait was in vain', async () => {
    const { locks, another, time } = fixture()
    const busy = await locks.acquire('b')
    const late = rejection(another().acquireAll(['a', 'b'], { wait: '1s' }))
    await settled()
    expect(await locks.tryAcquire('a')).toBeUndefined()
    await time.advance(1000)
    expect(await late).toMatchObject({ code: 'SLUICE_LOCK_TIMEOUT', lockName: 'b' })
    expect(await locks.inspect('a')).toMatchObject({ held: false })
    const waiting = another().acquireAll(['a', 'b'])
    await settled()
    await busy.release()
    ;(await waiting).assertHeld()
  })

  it('are had by all who want some of them, in whichever order they name them', async () => {
    const { locks, another, time } = fixture()
    let inside = 0
    let done = 0
    const names = ['a', 'b', 'c']
    const turns = Array.from({ length: 12 }, async (_, n) => {
      const own = n % 2 === 0 ? names : names.toReversed()
      await (n % 3 === 0 ? locks : another()).runAll(
        own.slice(0, 2 + (n % 2)),
        async () => {
          // All of them want the lock in the middle.
          expect(++inside).toBe(1)
          await time.sleep(10)
          inside--
          done++
        },
        { wait: Infinity },
      )
    })
    await time.advance(60_000)
    await Promise.all(turns)
    expect(done).toBe(12)
  })

  it('do not pass by who waits for one of them', async () => {
    const { locks, another } = fixture()
    const first = await locks.acquire('a')
    const second = another().acquire('a')
    await settled()
    await first.release()
    const set = rejection(locks.acquireAll(['a', 'b'], { wait: 0 }))
    ;(await second).assertHeld()
    expect(await set).toMatchObject({ lockName: 'a' })
  })

  it('are recognised when the reply was lost, and freed when every reply was', async () => {
    const { locks, fail, calls } = fixture()
    fail('acquireAll', 'lost-reply')
    const set = await locks.acquireAll(['a', 'b'])
    expect(calls).toEqual(['acquireAll', 'acquireAll'])
    await set.release()
    fail('acquireAll', 'lost-reply', 'lost-reply')
    await rejection(locks.acquireAll(['a', 'b']))
    await settled()
    for (const name of ['a', 'b']) expect((await locks.inspect(name)).held).toBe(false)
  })

  it('tell that one was lost', async () => {
    const { locks, time, cache } = fixture()
    const set = await locks.acquireAll(['a', 'b'], { ttl: '30s' })
    await cache.store.delete([cache.stateKey('lock', 'b')])
    await time.advance(10_001)
    expect(set.signal.reason).toMatchObject({ lockName: 'b', reason: 'gone' })
    expect(() => set.assertHeld()).toThrow(LockLostError)
    expect(await set.release()).toBe('expired')
  })

  it('are held by the work that runs under them', async () => {
    const { locks } = fixture()
    const value = await locks.runAll(['a', 'b'], (set) => {
      expect(currentLock('a')).toBe(set.locks.get('a'))
      expect(currentLock('b')).toBe(set.locks.get('b'))
      return 42
    })
    expect(value).toBe(42)
    for (const name of ['a', 'b']) expect((await locks.inspect(name)).held).toBe(false)
  })

  it('reject with what the work threw, else with the loss of one', async () => {
    const { locks, time } = fixture()
    const error = new Error('of the work')
    await expect(locks.runAll(['a', 'b'], () => Promise.reject(error))).rejects.toBe(error)
    const late = (): number => {
      time.block(30_000)
      return 42
    }
    expect(await rejection(locks.runAll(['a', 'b'], late))).toMatchObject({ value: 42 })
    expect(await locks.runAll(['a', 'b'], late, { onLost: 'ignore' })).toBe(42)
  })

  it.each([[[]], ['a'], [Array.from({ length: 1001 }, (_, n) => `a${n}`)]])(
    'are some names: refuses %#',
    async (names) => {
      const { locks } = fixture()
      // @ts-expect-error untyped callers exist
      await expect(locks.acquireAll(names)).rejects.toThrow(OptionError)
    },
  )
})
