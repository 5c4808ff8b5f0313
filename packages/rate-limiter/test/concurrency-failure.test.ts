import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createCache } from '@sluice/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createConcurrencyLimiter } from '../src/concurrency/concurrency-limiter.ts'
import { setUp, slotIn } from './concurrent-processes.ts'

// Slots are renewed by a timer, which goes with the clock of the store here.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

describe('a store that fails', () => {
  const channel = 'sluice:rate-limiter:failure'
  const seen: unknown[] = []
  const see = (failure: unknown): void => void seen.push(failure)
  beforeEach(() => subscribe(channel, see))
  afterEach(() => {
    unsubscribe(channel, see)
    seen.splice(0)
  })

  it('is replaced by the count of this process, what it held before included', async () => {
    const { faults, limiter } = setUp()
    const first = await slotIn(limiter)
    faults.fail({ times: Infinity, reason: 'breaker-open' })
    const second = await slotIn(limiter)
    expect(await limiter.enter('ada')).toBe(undefined)
    await slotIn(limiter, 'bob')
    await second.release()
    await slotIn(limiter)
    expect(await limiter.enter('ada')).toBe(undefined)
    await first.release()
    await slotIn(limiter)
    expect(seen).toContainEqual(expect.objectContaining({ verb: 'enter', instead: 'local' }))
  })

  it('lets in no more than that, however many ask at once', async () => {
    const { faults, limiter } = setUp()
    faults.fail({ times: Infinity })
    const slots = await Promise.all(Array.from({ length: 50 }, () => limiter.enter('ada')))
    expect(slots.filter((slot) => slot !== undefined)).toHaveLength(2)
  })

  it('counts what is in as soon as it is back', async () => {
    const { advance, faults, limiter, other } = setUp({ lease: '3s' })
    faults.fail({ times: Infinity })
    const slots = [await slotIn(limiter), await slotIn(limiter)]
    await advance(30_000)
    expect(await other.inspect('ada')).toMatchObject({ inFlight: 0 })
    faults.heal()
    await advance(1000)
    expect(await other.enter('ada')).toBe(undefined)
    await Promise.all(slots.map((slot) => slot.release()))
    expect(await other.inspect('ada')).toMatchObject({ inFlight: 0 })
    expect(seen).toContainEqual(expect.objectContaining({ verb: 'renew' }))
  })

  it('is told of what was released meanwhile with the first call that it answers', async () => {
    const { faults, limiter, other } = setUp()
    const slots = [await slotIn(limiter), await slotIn(limiter)]
    faults.fail({ times: Infinity })
    await Promise.all(slots.map((slot) => slot.release()))
    faults.heal()
    expect(await other.inspect('ada')).toMatchObject({ inFlight: 2 })
    await slotIn(limiter, 'bob')
    await expect.poll(() => other.inspect('ada')).toMatchObject({ inFlight: 0 })
    expect(seen).toContainEqual(expect.objectContaining({ verb: 'leave' }))
  })

  it('is told of what was released meanwhile though nobody calls any more', async () => {
    const { advance, faults, limiter, other } = setUp()
    const slot = await slotIn(limiter)
    faults.fail({ times: 2 })
    await slot.release()
    await advance(10_000)
    expect(await other.inspect('ada')).toMatchObject({ inFlight: 1 })
    await advance(10_000)
    expect(await other.inspect('ada')).toMatchObject({ inFlight: 0 })
    await advance(10_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('keeps no slot whose reply was lost and that nobody has', async () => {
    const { faults, limiter, other } = setUp({ onStoreError: 'closed' })
    faults.loseReply()
    await expect(limiter.enter('ada')).rejects.toMatchObject({ reason: 'timeout' })
    expect(await other.inspect('ada')).toMatchObject({ inFlight: 1 })
    await slotIn(limiter, 'bob')
    await expect.poll(() => other.inspect('ada')).toMatchObject({ inFlight: 0 })
  })

  it('keeps one slot when the reply was lost and this process let in', async () => {
    const { faults, limiter, other } = setUp()
    faults.loseReply()
    const slot = await slotIn(limiter)
    expect(await other.inspect('ada')).toMatchObject({ inFlight: 1 })
    await slot.release()
    expect(await other.inspect('ada')).toMatchObject({ inFlight: 0 })
  })

  it('lets everybody in when told so', async () => {
    const { faults, limiter } = setUp({ onStoreError: 'open' })
    faults.fail({ times: Infinity })
    for (let i = 0; i < 5; i++) await slotIn(limiter)
    expect(seen).toMatchObject(Array(5).fill({ verb: 'enter', instead: 'open' }))
  })

  it('rejects when told so, and lets in again when it is back', async () => {
    const { faults, limiter } = setUp({ onStoreError: 'closed' })
    faults.fail()
    await expect(limiter.enter('ada')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
    await slotIn(limiter)
  })

  it('is waited for until the deadline', async () => {
    const { faults, limiter } = setUp({ deadline: 10 })
    faults.hold()
    await slotIn(limiter)
    expect(seen).toMatchObject([{ verb: 'enter', error: { reason: 'timeout' } }])
    faults.heal()
  })

  it('that has no room counts here, and is not bothered with what it does not have', async () => {
    const { limiter } = setUp({}, 1)
    await slotIn(limiter, 'the one that fits')
    const slots = [await slotIn(limiter), await slotIn(limiter)]
    expect(await limiter.enter('ada')).toBe(undefined)
    await Promise.all(slots.map((slot) => slot.release()))
    await slotIn(limiter)
    expect(seen).toMatchObject(Array(4).fill({ verb: 'enter', instead: 'local' }))
  })

  it('says so to whoever inspects', async () => {
    const { faults, limiter } = setUp()
    faults.fail()
    await expect(limiter.inspect('ada')).rejects.toMatchObject({ code: 'SLUICE_STORE_UNAVAILABLE' })
  })

  it('is not blamed for bad input or for its own end', async () => {
    const cache = createCache()
    const limiter = createConcurrencyLimiter({ cache, maxConcurrent: 1, lease: '1s' })
    await expect(limiter.enter('')).rejects.toMatchObject({ code: 'SLUICE_KEY' })
    const slot = await slotIn(limiter)
    await cache.close()
    await expect(limiter.enter('ada')).rejects.toMatchObject({ code: 'SLUICE_STORE_CLOSED' })
    await vi.advanceTimersByTimeAsync(5000)
    await slot.release()
    expect(seen).toEqual([])
  })
})
