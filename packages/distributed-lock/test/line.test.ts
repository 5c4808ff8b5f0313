import { describe, expect, it } from 'vitest'
import type { Locks } from '../src/index.ts'
import { acquire } from '../src/operations/acquire.ts'
import { fixture, rejection, type Fixture } from './fixture.ts'
import { settled } from './manual-time.ts'

/** Holds the lock as soon as it gets it, says so, and gives it back after a while. */
async function takeTurn(
  { time }: Fixture,
  locks: Locks,
  note: () => void,
  holdMs = 100,
): Promise<void> {
  await locks.run(
    'a',
    async () => {
      note()
      await time.sleep(holdMs)
    },
    { wait: Infinity },
  )
}

/** A process that takes a place in the line, and dies. */
async function dieWaiting({ cache }: Fixture, token = 'elsewhere:1/dead'): Promise<void> {
  await cache.store.run(acquire, {
    key: cache.stateKey('lock', 'a'),
    token,
    ttlMs: 30_000,
    units: 1,
    capacity: 1,
    retentionMs: 3_600_000,
    channel: 'nobody',
  })
}

describe('the line', () => {
  it('serves 20 waiters of two processes in the order in which they came', async () => {
    const f = fixture()
    const processes = [f.locks, f.another()]
    const order: number[] = []
    const turns: Promise<void>[] = []
    for (let n = 0; n < 20; n++) {
      turns.push(takeTurn(f, processes[n % 2] ?? f.locks, () => order.push(n)))
      await settled()
    }
    await f.time.advance(2000)
    await Promise.all(turns)
    expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(await f.locks.inspect('a')).toMatchObject({ held: false, waiting: 0 })
  })

  it('hands over at once, to a lease that is counted from the confirmation', async () => {
    const { locks, another, time } = fixture()
    const first = await locks.acquire('a')
    const waiting = another().acquire('a', { ttl: '30s' })
    await time.advance(1000)
    await first.release()
    const second = await waiting
    expect(second.fence).toBeGreaterThan(first.fence)
    expect(second.remainingMs).toBe(28_698)
    expect(await locks.inspect('a')).toMatchObject({ remainingMs: 30_000, waiting: 0 })
  })

  it('is not overtaken: not by who comes later, asks once, or asks again and again', async () => {
    const f = fixture()
    const first = await f.locks.acquire('a')
    await dieWaiting(f)
    await first.release()
    // The lease that was handed over is over, and a live waiter is next.
    const waiting = f.locks.acquire('a')
    await settled()
    f.time.block(2001)
    expect(await f.another().tryAcquire('a')).toBeUndefined()
    const asking = f.another().acquire('a', { retry: { attempts: 2 } })
    const refused = rejection(asking)
    ;(await waiting).assertHeld()
    await f.time.advance(1000)
    expect(await refused).toMatchObject({ code: 'SLUICE_LOCK_TIMEOUT', attempts: 2 })
  })

  it('costs a waiter four commands in all, and none while it waits', async () => {
    const f = fixture()
    const { time, calls } = f
    const first = await f.locks.acquire('a', { ttl: '10m' })
    calls.length = 0
    const turns = Array.from({ length: 50 }, () => takeTurn(f, f.another(), () => undefined, 1))
    await settled()
    // The second question of each: its process had not listened yet.
    expect(calls.toSorted()).toEqual([...Array(50).fill('acquire'), ...Array(50).fill('attend')])
    await time.advance(4000)
    expect(calls.length).toBe(100)
    calls.length = 0
    await first.release()
    await time.advance(200)
    await Promise.all(turns)
    expect(calls.filter((verb) => verb === 'acquire').length).toBe(50)
    expect(calls.filter((verb) => verb === 'release').length).toBe(51)
    expect(calls.length).toBe(101)
  })

  it('costs one command every five seconds, however many waiters a process has', async () => {
    const { locks, time, calls } = fixture()
    await locks.acquire('a', { ttl: '10m' })
    const waiting = Array.from({ length: 50 }, () => rejection(locks.acquire('a', { wait: '1m' })))
    await settled()
    calls.length = 0
    await time.advance(59_000)
    expect(calls).toEqual(Array(11).fill('attend'))
    await time.advance(1000)
    for (const error of await Promise.all(waiting)) {
      expect(error).toMatchObject({ code: 'SLUICE_LOCK_TIMEOUT', attempts: 1, waitedMs: 60_000 })
    }
    await settled()
    expect(await locks.inspect('a')).toMatchObject({ waiting: 0 })
  })

  it('keeps places for as long as somebody waits', async () => {
    const { locks, another, time } = fixture()
    const first = await locks.acquire('a')
    const second = another().acquire('a', { wait: Infinity })
    await time.advance(1000)
    const third = another().acquire('a', { wait: Infinity })
    await time.advance(3_600_000)
    expect(await locks.inspect('a')).toMatchObject({ waiting: 2 })
    await first.release()
    ;(await second).assertHeld()
    await (await second).release()
    ;(await third).assertHeld()
  })

  it('leaves no timer and no subscription behind', async () => {
    const { locks, another, time, cache } = fixture()
    const first = await locks.acquire('a')
    const waiting = another().acquire('a')
    await settled()
    await first.release()
    await (await waiting).release()
    await time.advance(5000)
    expect(time.timers()).toBe(0)
    expect(cache.store.usage('')?.stateKeys).toBe(1)
  })
})

describe('a line with somebody dead in it', () => {
  it('moves on when the lease of a dead holder ends', async () => {
    const { locks, another, time, failAlways } = fixture()
    await locks.acquire('a', { ttl: '3s' })
    failAlways('extend', 'lost-request')
    const waiting = another().acquire('a')
    await time.advance(3001)
    ;(await waiting).assertHeld()
  })

  it('passes over a waiter that was not heard of for twelve seconds', async () => {
    const f = fixture()
    const first = await f.locks.acquire('a')
    await dieWaiting(f)
    const waiting = f.another().acquire('a', { wait: '1m' })
    await f.time.advance(12_001)
    await first.release()
    await settled()
    ;(await waiting).assertHeld()
  })

  it('keeps the place of who asks again with the same token', async () => {
    const f = fixture()
    const first = await f.locks.acquire('a')
    await dieWaiting(f)
    await f.time.advance(10_000)
    await dieWaiting(f)
    await f.time.advance(10_000)
    await first.release()
    expect(await f.locks.inspect('a')).toMatchObject({ owner: 'elsewhere:1', waiting: 0 })
  })

  it('loses seven seconds at most to a waiter that has just died', async () => {
    const f = fixture()
    const first = await f.locks.acquire('a')
    await dieWaiting(f)
    const waiting = f.another().acquire('a')
    await settled()
    await first.release()
    await f.time.advance(1999)
    expect(await f.locks.inspect('a')).toMatchObject({ owner: 'elsewhere:1', waiting: 1 })
    await f.time.advance(5001)
    ;(await waiting).assertHeld()
  })

  it('is moved on by whoever asks next, too', async () => {
    const f = fixture()
    const first = await f.locks.acquire('a')
    await dieWaiting(f)
    await first.release()
    f.time.block(2001)
    expect(await f.locks.tryAcquire('a')).toBeDefined()
  })
})

describe('a message that does not come', () => {
  it('costs a waiter five seconds at most', async () => {
    const { locks, another, time, mute } = fixture()
    const first = await locks.acquire('a')
    const waiting = another().acquire('a', { wait: '1m' })
    await settled()
    mute(true)
    await first.release()
    await time.advance(5000)
    ;(await waiting).assertHeld()
  })

  it('costs a second at most where it is known that none come', async () => {
    const { locks, another, time, mute } = fixture()
    const first = await locks.acquire('a')
    mute(true)
    const waiting = another().acquire('a')
    await time.advance(500)
    await first.release()
    await time.advance(500)
    ;(await waiting).assertHeld()
  })

  it('costs nothing when the gap is told', async () => {
    const { locks, another, mute } = fixture()
    const first = await locks.acquire('a')
    const waiting = another().acquire('a')
    await settled()
    mute(true)
    await first.release()
    mute(false)
    ;(await waiting).assertHeld()
  })

  it('costs nothing when it was told before the place was known', async () => {
    const { locks, another, around } = fixture()
    const first = await locks.acquire('a')
    const theirs = another()
    // Their process listens already.
    const second = theirs.acquire('a')
    await settled()
    await first.release()
    const held = await second
    around('acquire', async (apply) => {
      await apply()
      await held.release()
      await settled()
    })
    ;(await theirs.acquire('a')).assertHeld()
  })
})
