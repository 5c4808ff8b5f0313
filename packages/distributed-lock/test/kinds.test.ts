import { OptionError } from '@sluice/core'
import { describe, expect, it } from 'vitest'
import type { Lock } from '../src/index.ts'
import { fixture, rejection } from './fixture.ts'
import { settled } from './manual-time.ts'

describe('a semaphore', () => {
  it('is held by as many as it has permits', async () => {
    const { locks, another } = fixture()
    const [ours, theirs] = [locks.semaphore('api', 2), another().semaphore('api', 2)]
    const first = await ours.acquire()
    const second = await theirs.acquire()
    expect(await ours.tryAcquire()).toBeUndefined()
    expect(second.fence).toBeGreaterThan(first.fence)
    await first.release()
    expect(await theirs.tryAcquire()).toBeDefined()
  })

  it('gives several permits at a time, and does not let few pass by who waits for many', async () => {
    const { locks } = fixture()
    const semaphore = locks.semaphore('api', 3)
    const two = await semaphore.permits(2).acquire()
    const three = semaphore.permits(3).acquire()
    await settled()
    const one = semaphore.acquire()
    await settled()
    expect(await semaphore.inspect()).toMatchObject({ waiting: 2, holders: [{ units: 2 }] })
    await two.release()
    await (await three).release()
    ;(await one).assertHeld()
  })

  it('serves who comes next when a waiter that wants many gives up', async () => {
    const { locks } = fixture()
    const semaphore = locks.semaphore('api', 2)
    await semaphore.acquire()
    const controller = new AbortController()
    const many = rejection(semaphore.permits(2).acquire({ signal: controller.signal }))
    await settled()
    const one = semaphore.acquire()
    await settled()
    controller.abort()
    await many
    ;(await one).assertHeld()
  })

  it('takes back the permits of a holder that died, and of no other', async () => {
    const { locks, another, time, failAlways } = fixture()
    const semaphore = locks.semaphore('api', 2)
    const lives = await semaphore.acquire({ ttl: '1h' })
    await semaphore.acquire({ ttl: '2s' })
    failAlways('extend', 'lost-request')
    const waiting = another().semaphore('api', 2).acquire()
    await time.advance(2001)
    ;(await waiting).assertHeld()
    lives.assertHeld()
    expect((await semaphore.inspect()).holders.length).toBe(2)
  })

  it('keeps the permits of one holder when another with a shorter ttl came and went', async () => {
    const { locks, time } = fixture()
    const semaphore = locks.semaphore('api', 2)
    await semaphore.acquire({ ttl: '60s' })
    await (await semaphore.acquire({ ttl: '500ms' })).release()
    time.block(5000)
    expect(await semaphore.tryAcquire()).toBeDefined()
    expect(await semaphore.tryAcquire()).toBeUndefined()
  })

  it('goes by the number of who asks, so it may change while it is in use', async () => {
    const { locks, another } = fixture()
    await locks.semaphore('api', 1).acquire()
    expect(await locks.semaphore('api', 1).tryAcquire()).toBeUndefined()
    expect(await another().semaphore('api', 2).tryAcquire()).toBeDefined()
    expect(await locks.semaphore('api', 1).tryAcquire()).toBeUndefined()
  })

  it('has names of its own', async () => {
    const { locks } = fixture()
    await locks.acquire('a')
    expect(await locks.semaphore('a', 1).tryAcquire()).toBeDefined()
    expect(await locks.readWrite('a').write.tryAcquire()).toBeDefined()
  })

  it.each([0, -1, 1.5, 1_000_000_001, Infinity])('refuses %s permits', (permits) => {
    const { locks } = fixture()
    expect(() => locks.semaphore('a', permits)).toThrow(OptionError)
    expect(() => locks.semaphore('a', 3).permits(permits)).toThrow(OptionError)
  })

  it('refuses to take more permits than it has', () => {
    const { locks } = fixture()
    expect(() => locks.semaphore('a', 3).permits(4)).toThrow(/from 1 to 3/)
  })
})

describe('a read-write lock', () => {
  it('is read by many at once, and written by one alone', async () => {
    const { locks, another } = fixture()
    const [ours, theirs] = [locks.readWrite('index'), another().readWrite('index')]
    const readers = [await ours.read.acquire(), await theirs.read.acquire()]
    expect(await ours.write.tryAcquire()).toBeUndefined()
    for (const reader of readers) await reader.release()
    const writer = await theirs.write.acquire()
    expect(await ours.read.tryAcquire()).toBeUndefined()
    expect(await ours.write.tryAcquire()).toBeUndefined()
    await writer.release()
    expect(await ours.read.tryAcquire()).toBeDefined()
  })

  it('does not let readers that come later keep a writer waiting', async () => {
    const { locks, another } = fixture()
    const { read, write } = locks.readWrite('index')
    const first = await read.acquire()
    const writing = write.acquire()
    await settled()
    const late: Promise<Lock>[] = []
    for (let n = 0; n < 5; n++) {
      late.push(another().readWrite('index').read.acquire())
      await settled()
    }
    expect(await read.tryAcquire()).toBeUndefined()
    await first.release()
    const writer = await writing
    expect(await read.inspect()).toMatchObject({ waiting: 5 })
    await writer.release()
    // All readers that waited are let in at once.
    const readers = await Promise.all(late)
    expect((await read.inspect()).holders.length).toBe(readers.length)
  })

  it('takes a reader that died out of the way of a writer, while others go on reading', async () => {
    const { locks, another, time, failAlways } = fixture()
    await locks.readWrite('index').read.acquire({ ttl: '2s' })
    failAlways('extend', 'lost-request')
    const lives = await another().readWrite('index').read.acquire({ ttl: '1h' })
    const writing = another().readWrite('index').write.acquire({ wait: '1m' })
    await time.advance(3000)
    await lives.release()
    ;(await writing).assertHeld()
  })
})

describe('forceRelease', () => {
  it('frees the lock, and tells how many held it', async () => {
    const { locks } = fixture()
    expect(await locks.forceRelease('a')).toBe(0)
    const lock = await locks.acquire('a')
    expect(await locks.forceRelease('a')).toBe(1)
    expect(await locks.inspect('a')).toMatchObject({ held: false, fence: lock.fence })
    const semaphore = locks.semaphore('api', 3)
    for (let n = 0; n < 3; n++) await semaphore.acquire()
    expect(await semaphore.forceRelease()).toBe(3)
    expect((await semaphore.inspect()).holders).toEqual([])
  })

  it('gives the lock to who is next, and the old holder is told at its next renewal', async () => {
    const { locks, another, time } = fixture()
    const first = await locks.acquire('a', { ttl: '30s' })
    const waiting = another().acquire('a')
    await settled()
    await locks.forceRelease('a')
    const second = await waiting
    expect(second.fence).toBeGreaterThan(first.fence)
    await time.advance(10_001)
    expect(first.signal.reason).toMatchObject({ reason: 'gone' })
    expect(await first.release()).toBe('expired')
    expect(await second.release()).toBe('released')
  })
})
