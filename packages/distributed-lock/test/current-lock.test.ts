import { describe, expect, it } from 'vitest'
import { assertLocked, currentLock, LockNotHeldError } from '../src/current-lock.ts'
import { LockLostError, withLock } from '../src/index.ts'
import { fixture } from './fixture.ts'

describe('the current lock', () => {
  it('is the one that the code runs under, however deep, and none outside', async () => {
    const { locks } = fixture()
    const deep = async () => currentLock()
    const work = withLock(locks, { key: 'a' }, async () => {
      await Promise.resolve()
      return deep()
    })
    expect(currentLock()).toBeUndefined()
    expect(await work()).toMatchObject({ name: 'a' })
    expect(currentLock()).toBeUndefined()
  })

  it('is the holder’s own: with its fence and its signal', async () => {
    const { locks } = fixture()
    await locks.run('a', (lock) => expect(currentLock()).toBe(lock))
    await locks.tryRun('a', (lock) => expect(currentLock()).toBe(lock))
  })

  it('is the nearest one, and any around it by its name', async () => {
    const { locks } = fixture()
    await locks.run('a', (outer) =>
      locks.run('b', (inner) => {
        expect(currentLock()).toBe(inner)
        expect(currentLock('a')).toBe(outer)
        expect(currentLock('c')).toBeUndefined()
      }),
    )
  })

  it('is the outer one when the inner was given back early', async () => {
    const { locks } = fixture()
    await locks.run('a', (outer) =>
      locks.run('b', async (inner) => {
        await inner.release()
        expect(currentLock()).toBe(outer)
      }),
    )
  })

  it('is not that of work that was left running', async () => {
    const { locks } = fixture()
    let goOn = (): void => undefined
    const released = new Promise<void>((resolve) => (goOn = resolve))
    let child: Promise<unknown> | undefined
    await locks.run('a', (outer) =>
      locks.run('b', () => {
        child = released.then(() => [currentLock(), outer.remainingMs])
      }),
    )
    goOn()
    expect(await child).toEqual([undefined, 0])
  })

  it('is not that of work that was left running, though the lock is kept for longer', async () => {
    const { locks } = fixture()
    let goOn = (): void => undefined
    const ended = new Promise<void>((resolve) => (goOn = resolve))
    let child: Promise<unknown> | undefined
    const sync = withLock(locks, { key: 'a', holdAtLeast: '1m' }, () => {
      child = ended.then(() => currentLock())
    })
    await sync()
    goOn()
    expect(await child).toBeUndefined()
    expect(await locks.inspect('a')).toMatchObject({ held: true })
  })

  it('stays when it is lost, so that who asks is told', async () => {
    const { locks, time } = fixture()
    const running = locks.run('a', () => {
      time.block(30_000)
      expect(() => currentLock()?.assertHeld()).toThrow(LockLostError)
      expect(() => assertLocked('a')).toThrow(LockLostError)
    })
    await expect(running).rejects.toThrow(LockLostError)
  })
})

describe('code that must run locked', () => {
  it('passes under the lock and under no other', async () => {
    const { locks } = fixture()
    expect(() => assertLocked('a')).toThrow(LockNotHeldError)
    await locks.run('b', () => {
      expect(() => assertLocked('a')).toThrow(LockNotHeldError)
      return locks.run('a', () => {
        assertLocked('a')
        assertLocked('b')
      })
    })
  })

  it('is told which lock is missing, by a code that stays', () => {
    const error = new LockNotHeldError('order:7')
    expect(error).toMatchObject({ code: 'SLUICE_LOCK_NOT_HELD', lockName: 'order:7' })
    expect(error.message).toContain('"order:7"')
  })
})
