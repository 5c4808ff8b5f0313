import { createCache } from '@sluice/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createConcurrencyLimiter } from '../src/concurrency/concurrency-limiter.ts'
import { enter } from '../src/operations/enter.ts'
import { setUp, slotIn } from './concurrent-processes.ts'

// Slots are renewed by a timer, which goes with the clock of the store here.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

describe('a slot', () => {
  it('is had by as many as may be in at once, of each key, in all processes', async () => {
    const { limiter, other } = setUp()
    await slotIn(limiter)
    await slotIn(other)
    expect(await limiter.enter('ada')).toBe(undefined)
    expect(await other.enter('ada')).toBe(undefined)
    expect(await limiter.inspect('ada')).toEqual({ inFlight: 2, maxConcurrent: 2 })
    expect(await limiter.inspect('bob')).toEqual({ inFlight: 0, maxConcurrent: 2 })
    await slotIn(limiter, 'bob')
  })

  it('that is released is free for another, once', async () => {
    const { limiter } = setUp()
    const [first] = [await slotIn(limiter), await slotIn(limiter)]
    await first.release()
    const third = await slotIn(limiter)
    await first.release()
    expect(await limiter.enter('ada')).toBe(undefined)
    await third.release()
    expect(await limiter.inspect('ada')).toMatchObject({ inFlight: 1 })
  })

  it('is released at the end of its block', async () => {
    const { limiter } = setUp({ maxConcurrent: 1 })
    {
      await using slot = await limiter.enter('ada')
      expect(slot).toBeDefined()
      expect(await limiter.enter('ada')).toBe(undefined)
    }
    await slotIn(limiter)
  })

  it('is held for as long as it is not released, however short its lease is', async () => {
    const { limiter, other, advance } = setUp({ lease: '3s' })
    const slots = [await slotIn(limiter), await slotIn(limiter)]
    await advance(60_000)
    expect(await other.enter('ada')).toBe(undefined)
    await Promise.all(slots.map((slot) => slot.release()))
    expect(await other.inspect('ada')).toMatchObject({ inFlight: 0 })
    await advance(10_000)
    expect(await other.inspect('ada')).toMatchObject({ inFlight: 0 })
  })

  it('of a process that died is free when its lease is over, and not before', async () => {
    const { clock, enterAndDie, limiter } = setUp()
    await enterAndDie()
    clock.advance('10s')
    await enterAndDie()
    clock.advance(19_999)
    expect(await limiter.enter('ada')).toBe(undefined)
    clock.advance(1)
    expect(await limiter.inspect('ada')).toMatchObject({ inFlight: 1 })
    await slotIn(limiter)
    expect(await limiter.enter('ada')).toBe(undefined)
    clock.advance('10s')
    await slotIn(limiter)
  })

  it('of a process that died is lost for a lease at the most when the clock goes back', async () => {
    const { clock, enterAndDie, limiter } = setUp()
    await enterAndDie()
    await enterAndDie()
    clock.set(clock.now() - 3_600_000)
    expect(await limiter.enter('ada')).toBe(undefined)
    clock.advance('29s')
    expect(await limiter.enter('ada')).toBe(undefined)
    clock.advance('1s')
    await slotIn(limiter)
    await slotIn(limiter)
  })

  it('that is asked for again is the same one', async () => {
    const { store } = setUp()
    const args = { key: 'sluice#concurrent:{ada}:2/30000', leaseMs: 30_000, most: 2 }
    for (let i = 0; i < 3; i++) expect(await store.run(enter, { ...args, id: 'a' })).toBe(true)
    expect(await store.run(enter, { ...args, id: 'b' })).toBe(true)
    expect(await store.run(enter, { ...args, id: 'a' })).toBe(true)
    expect(await store.run(enter, { ...args, id: 'c' })).toBe(false)
  })

  it('leaves nothing behind: no key, and no timer', async () => {
    const { limiter, store, advance } = setUp()
    const slots = [await slotIn(limiter), await slotIn(limiter, 'bob')]
    expect(vi.getTimerCount()).toBe(1)
    await Promise.all(slots.map((slot) => slot.release()))
    expect(store.usage('')?.stateKeys).toBe(0)
    await advance(30_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is apart from those of another name, number, lease and tenant', async () => {
    const cache = createCache()
    const limiters = [
      createConcurrencyLimiter({ cache, maxConcurrent: 1 }),
      createConcurrencyLimiter({ cache, maxConcurrent: 1, name: 'exports' }),
      createConcurrencyLimiter({ cache, maxConcurrent: 1, lease: '1m' }),
      createConcurrencyLimiter({ cache, maxConcurrent: 3 }),
      createConcurrencyLimiter({ cache: cache.tenant('eu'), maxConcurrent: 1 }),
    ]
    for (const limiter of limiters) await slotIn(limiter)
    for (const limiter of limiters) {
      expect(await limiter.inspect('ada')).toMatchObject({ inFlight: 1 })
    }
    const same = createConcurrencyLimiter({ cache, maxConcurrent: 5, name: 'exports' })
    expect(await same.inspect('ada')).toEqual({ inFlight: 1, maxConcurrent: 5 })
    await cache.close()
  })
})

it('refuses options that cannot be meant', () => {
  const make = (options: object) => () => createConcurrencyLimiter({ maxConcurrent: 1, ...options })
  for (const maxConcurrent of [undefined, 0, -1, 1.5, Infinity, Number.NaN, '2']) {
    expect(make({ maxConcurrent })).toThrow('Expected "maxConcurrent" to be a whole number')
  }
  for (const lease of [999, '2d', 0]) expect(make({ lease })).toThrow('"lease"')
  for (const name of ['', '1a', 'a b', 7]) expect(make({ name })).toThrow('Expected "name"')
  expect(make({ onStoreError: 'close' })).toThrow('"onStoreError"')
  expect(make({ cache: {} })).toThrow('"cache"')
  expect(make({ maxConcurent: 1 })).toThrow('Did you mean "maxConcurrent"?')
  expect(make({ lease: '1s', name: 'a', deadline: '1s', onStoreError: 'open' })).not.toThrow()
})
