import { describe, expect, it } from 'vitest'
import { fixture, rejection } from './fixture.ts'
import { settled } from './manual-time.ts'

describe('giving up', () => {
  it('by timeout leaves the line', async () => {
    const { locks, another, time } = fixture()
    await locks.acquire('a', { ttl: '30s' })
    const waiting = rejection(another().acquire('a', { wait: '2s' }))
    await time.advance(2000)
    expect(await waiting).toMatchObject({ code: 'SLUICE_LOCK_TIMEOUT', waitedMs: 2000 })
    await settled()
    expect(await locks.inspect('a')).toMatchObject({ held: true, waiting: 0 })
  })

  it('by a signal leaves the line at once, to the next', async () => {
    const { locks, another } = fixture()
    const first = await locks.acquire('a')
    const controller = new AbortController()
    const second = rejection(another().acquire('a', { signal: controller.signal }))
    await settled()
    const third = another().acquire('a')
    await settled()
    const reason = new Error('shutting down')
    controller.abort(reason)
    expect(await second).toBe(reason)
    await settled()
    await first.release()
    ;(await third).assertHeld()
  })

  it('after one was served passes the lock on', async () => {
    const { locks, another, mute } = fixture()
    const first = await locks.acquire('a')
    const controller = new AbortController()
    const second = rejection(another().acquire('a', { signal: controller.signal }))
    await settled()
    mute(true)
    await first.release()
    expect(await locks.inspect('a')).toMatchObject({ held: true })
    controller.abort()
    await second
    await settled()
    expect(await locks.inspect('a')).toMatchObject({ held: false, waiting: 0 })
  })

  it('while one confirms passes the lock on', async () => {
    const { locks, another, around } = fixture()
    const first = await locks.acquire('a')
    const controller = new AbortController()
    const second = rejection(another().acquire('a', { signal: controller.signal }))
    await settled()
    const third = another().acquire('a')
    await settled()
    around('acquire', async (apply) => {
      controller.abort()
      await apply()
    })
    await first.release()
    expect(await second).toBe(controller.signal.reason)
    await settled()
    ;(await third).assertHeld()
  })
})

describe('a lost reply', () => {
  it('of the first question costs no second place', async () => {
    const { locks, another, fail } = fixture()
    const first = await locks.acquire('a')
    fail('acquire', 'lost-reply')
    const waiting = another().acquire('a')
    await settled()
    expect(await locks.inspect('a')).toMatchObject({ waiting: 1 })
    await first.release()
    ;(await waiting).assertHeld()
  })

  it('of the confirmation is asked for again', async () => {
    const { locks, another, fail, calls } = fixture()
    const first = await locks.acquire('a')
    const waiting = another().acquire('a')
    await settled()
    fail('acquire', 'lost-reply')
    calls.length = 0
    await first.release()
    ;(await waiting).assertHeld()
    expect(calls).toEqual(['release', 'acquire', 'acquire'])
  })

  it('of every confirmation for a while still ends in the lock', async () => {
    const { locks, another, time, failAlways } = fixture()
    const first = await locks.acquire('a')
    const waiting = another().acquire('a')
    await settled()
    failAlways('acquire', 'lost-reply')
    await first.release()
    await time.advance(3000)
    failAlways('acquire', undefined)
    await time.advance(1000)
    const second = await waiting
    second.assertHeld()
    expect(await second.release()).toBe('released')
  })

  it('of the release hands over once', async () => {
    const { locks, another, fail } = fixture()
    const first = await locks.acquire('a')
    const waiting = another().acquire('a')
    await settled()
    fail('release', 'lost-reply')
    expect(await first.release()).toBe('released')
    const second = await waiting
    await settled()
    second.assertHeld()
    expect(await second.release()).toBe('released')
  })

  it('of giving up leaves nobody in the line', async () => {
    const { locks, another, time, fail } = fixture()
    await locks.acquire('a')
    const waiting = rejection(another().acquire('a', { wait: '1s' }))
    await settled()
    fail('release', 'lost-request')
    await time.advance(1000)
    await waiting
    expect(await locks.inspect('a')).toMatchObject({ waiting: 1 })
    await time.advance(200)
    expect(await locks.inspect('a')).toMatchObject({ waiting: 0 })
  })
})

describe('a store that is away while one waits', () => {
  it('costs nothing when it is back before the wait is over', async () => {
    const { locks, another, time, failAlways } = fixture()
    const first = await locks.acquire('a', { ttl: '5m' })
    const waiting = another().acquire('a', { wait: '2m' })
    await settled()
    for (const verb of ['acquire', 'attend']) failAlways(verb, 'lost-request')
    await time.advance(30_000)
    for (const verb of ['acquire', 'attend']) failAlways(verb, undefined)
    await time.advance(1000)
    await first.release()
    ;(await waiting).assertHeld()
  })

  it('is told when the wait is over', async () => {
    const { locks, another, time, failAlways } = fixture()
    const first = await locks.acquire('a')
    const waiting = rejection(another().acquire('a', { wait: '3s' }))
    await settled()
    failAlways('acquire', 'lost-request')
    await first.release()
    await time.advance(3000)
    expect(await waiting).toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
  })

  it('is told when the wait is over, also where only the place could not be kept', async () => {
    const { locks, another, time, failAlways } = fixture()
    await locks.acquire('a')
    const waiting = rejection(another().acquire('a', { wait: '7s' }))
    await settled()
    failAlways('attend', 'lost-request')
    await time.advance(7000)
    expect(await waiting).toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
  })

  it('and has forgotten everything, is asked for a new place', async () => {
    const { locks, another, time, cache } = fixture()
    await locks.acquire('a')
    const waiting = another().acquire('a')
    await settled()
    const key = cache.stateKey('lock', 'a')
    await cache.store.delete([key, `${key}:line`])
    await time.advance(5000)
    ;(await waiting).assertHeld()
  })

  it('for good, because it was closed, is told soon', async () => {
    const { locks, another, time, cache } = fixture()
    await locks.acquire('a')
    const waiting = rejection(another().acquire('a', { wait: Infinity }))
    await settled()
    await cache.store.close()
    await time.advance(5000)
    expect(await waiting).toMatchObject({ code: 'SLUICE_STORE_CLOSED' })
  })
})
