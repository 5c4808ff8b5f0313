import { channel } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'
import { LockLostError, type Lock } from '../src/index.ts'
import { fixture } from './fixture.ts'
import { settled } from './manual-time.ts'

const ttlMs = 30_000
const usableMs = 28_698

/** When the signal aborted, in ms after the call of this function. */
function abortedAfter(lock: Lock, nowMs: () => number): () => number | undefined {
  const startMs = nowMs()
  let atMs: number | undefined
  lock.signal.addEventListener('abort', () => (atMs = nowMs() - startMs))
  return () => atMs
}

describe('a lease that cannot be renewed', () => {
  it('is told as lost before the key can expire, and not before its deadline', async () => {
    const { locks, time, failAlways } = fixture()
    const lock = await locks.acquire('a', { ttl: ttlMs })
    const told = abortedAfter(lock, () => time.now().monotonicMs)
    failAlways('extend', 'lost-request')
    await time.advance(28_697)
    expect(told()).toBeUndefined()
    await time.advance(1)
    expect(told()).toBe(usableMs)
    expect(await locks.inspect('a')).toMatchObject({ held: true })
    expect(lock.signal.reason).toBeInstanceOf(LockLostError)
    expect(lock.signal.reason).toMatchObject({
      code: 'SLUICE_LOCK_LOST',
      lockName: 'a',
      fence: lock.fence,
      reason: 'deadline',
      cause: { code: 'SLUICE_STORE_UNAVAILABLE' },
    })
  })

  it('is asked for again until the deadline, and held when one answer comes', async () => {
    const { locks, time, failAlways, calls } = fixture()
    const lock = await locks.acquire('a', { ttl: ttlMs })
    failAlways('extend', 'lost-request')
    await time.advance(27_500)
    failAlways('extend', undefined)
    await time.advance(30_000)
    lock.assertHeld()
    expect(calls).toContain('extend')
  })

  it('asks in vain several times, not in a tight loop', async () => {
    const { locks, time, failAlways, calls } = fixture()
    await locks.acquire('a', { ttl: ttlMs })
    failAlways('extend', 'lost-reply')
    await time.advance(usableMs - 1)
    expect(calls.filter((verb) => verb === 'extend').length).toBe(19)
  })

  it('is published as a failure', async () => {
    const { locks, time, failAlways } = fixture()
    const seen: unknown[] = []
    const failures = channel('sluice:distributed-lock:failure')
    const hear = (message: unknown): void => void seen.push(message)
    failures.subscribe(hear)
    onTestFinished(() => {
      failures.unsubscribe(hear)
    })
    const lock = await locks.acquire('a', { ttl: ttlMs })
    failAlways('extend', 'lost-request')
    await time.advance(10_001)
    await lock.release()
    expect(seen).toEqual([expect.objectContaining({ verb: 'renew' })])
  })

  it('is not taken back by a reply that comes too late', async () => {
    const { locks, time, around } = fixture()
    const lock = await locks.acquire('a', { ttl: ttlMs })
    around('extend', async (apply) => {
      await apply()
      time.block(usableMs - 5000)
    })
    time.block(5000)
    await expect(lock.extend()).rejects.toMatchObject({ reason: 'deadline' })
    await expect(lock.extend()).rejects.toThrow(LockLostError)
    expect(lock.remainingMs).toBe(0)
    expect(lock.signal.aborted).toBe(true)
  })

  it('is told in time, also where the grant came so late that no renewal was due before the deadline', async () => {
    const { locks, time, around, failAlways } = fixture()
    around('acquire', async (apply) => {
      await apply()
      time.block(usableMs - 1000)
    })
    failAlways('extend', 'lost-request')
    const { signal } = await locks.acquire('a', { ttl: ttlMs })
    await time.advance(999)
    expect(signal.aborted).toBe(false)
    await time.advance(1)
    expect(signal.aborted).toBe(true)
  })

  it('leaves no timer behind', async () => {
    const { locks, time, failAlways } = fixture()
    await locks.acquire('a', { ttl: ttlMs })
    failAlways('extend', 'lost-request')
    await time.advance(usableMs)
    expect(time.timers()).toBe(0)
  })
})

describe('a holder whose clock passed the deadline', () => {
  it('is told by assertHeld() even while the event loop is blocked', async () => {
    const { locks, time } = fixture()
    const lock = await locks.acquire('a', { ttl: ttlMs })
    time.block(usableMs - 1)
    lock.assertHeld()
    time.block(1)
    expect(() => lock.assertHeld()).toThrow(LockLostError)
    expect(lock.signal.aborted).toBe(true)
  })

  it('is told when only the wall clock passed it: the machine slept', async () => {
    const { locks, time } = fixture()
    const lock = await locks.acquire('a', { ttl: ttlMs })
    time.jumpWall(usableMs)
    expect(() => lock.assertHeld()).toThrow(LockLostError)
  })

  it('is told when the wall clock was set back', async () => {
    const { locks, time } = fixture()
    const lock = await locks.acquire('a', { ttl: ttlMs })
    time.jumpWall(-3_600_000)
    time.block(usableMs)
    expect(() => lock.assertHeld()).toThrow(LockLostError)
  })

  it('releases as expired, and harms nobody who holds the lock since', async () => {
    const { locks, time } = fixture()
    const first = await locks.acquire('a', { ttl: ttlMs })
    time.block(ttlMs + 1)
    const second = await locks.acquire('a')
    expect(await first.release()).toBe('expired')
    await settled()
    expect(await locks.inspect('a')).toMatchObject({ held: true, fence: second.fence })
  })

  it('frees the key at its release, if the key is still there', async () => {
    const { locks, time } = fixture()
    const lock = await locks.acquire('a', { ttl: ttlMs })
    time.block(usableMs)
    expect(await lock.release()).toBe('expired')
    await settled()
    expect(await locks.inspect('a')).toMatchObject({ held: false })
  })

  it('leaves its block without an error', async () => {
    const { locks, time } = fixture()
    const useIt = async (): Promise<string> => {
      await using lock = await locks.acquire('a', { ttl: ttlMs })
      time.block(ttlMs)
      return lock.name
    }
    expect(await useIt()).toBe('a')
  })
})

describe('a lease that the store forgot', () => {
  it('is told as gone at the next renewal, and never made again', async () => {
    const { locks, time, cache } = fixture()
    const lock = await locks.acquire('a', { ttl: ttlMs })
    await cache.store.delete([cache.stateKey('lock', 'a')])
    await time.advance(10_001)
    expect(lock.signal.reason).toMatchObject({ reason: 'gone' })
    expect(await locks.inspect('a')).toMatchObject({ held: false })
    expect(await lock.release()).toBe('expired')
  })

  it('is not extended over somebody else', async () => {
    const { locks, cache } = fixture()
    const first = await locks.acquire('a')
    await cache.store.delete([cache.stateKey('lock', 'a')])
    const second = await locks.acquire('a')
    await expect(first.extend()).rejects.toMatchObject({ reason: 'gone' })
    expect(await first.release()).toBe('expired')
    expect(await second.release()).toBe('released')
  })

  it('is told as gone at the release', async () => {
    const { locks, cache } = fixture()
    const lock = await locks.acquire('a')
    await cache.store.delete([cache.stateKey('lock', 'a')])
    expect(await lock.release()).toBe('expired')
    expect(() => lock.assertHeld()).toThrow(/no longer knows/)
  })
})
