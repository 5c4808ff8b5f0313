import { createCache, StoreUnavailableError, type RootCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import {
  flakyStore,
  manualClock,
  manualFaults,
  storeContract,
  type ManualFaults,
} from '@sluice/core/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'

function open(): { cache: RootCache; faults: ManualFaults } {
  const faults = manualFaults()
  return { cache: createCache({ store: flakyStore(memoryStore(), faults) }), faults }
}

/** Lets everything that waits for no timer happen. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a flaky store without faults keeps the contract of a store', () => {
  const cases = storeContract(async () => {
    const clock = manualClock()
    return {
      store: flakyStore(memoryStore({ clock }), manualFaults()),
      key: (name) => `contract:${name}`,
      pass: async (ms) => clock.advance(ms),
    }
  })
  for (const { name, run } of cases) it(name, run)
})

describe('a store that fails', () => {
  it('does so for the next calls, as many as were asked for, and is not asked', async () => {
    const { cache, faults } = open()
    faults.fail({ times: 2 })
    const failing = cache.set('a', 1)
    await expect(failing).rejects.toBeInstanceOf(StoreUnavailableError)
    await expect(failing).rejects.toMatchObject({ reason: 'disconnected' })
    await expect(cache.get('a')).rejects.toThrow('get: the store was not asked, on purpose')
    expect(await cache.get('a')).toBeUndefined()
  })

  it('does so for a verb or an operation alone, with the reason that the test names', async () => {
    const { cache, faults } = open()
    faults.fail({ on: 'set', reason: 'not-serving' })
    faults.fail({ on: 'core.add', reason: 'denied' })
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.has('a')).toBe(false)
    await expect(cache.increment('a')).rejects.toMatchObject({ reason: 'denied' })
    await expect(cache.set('a', 1)).rejects.toMatchObject({ reason: 'not-serving' })
    expect(await cache.increment('a')).toBe(1)
    faults.fail({ on: 'run' })
    await expect(cache.has('a')).rejects.toThrow('core.exists')
  })

  it('does so for ever until it is healed', async () => {
    const { cache, faults } = open()
    faults.fail({ times: Infinity })
    for (let call = 0; call < 20; call++) await expect(cache.get('a')).rejects.toThrow('get')
    expect(await cache.ping()).toBe(false)
    await expect(cache.countMatching('*')).rejects.toThrow('scan')
    faults.heal()
    expect(await cache.ping()).toBe(true)
  })

  it('names the keys of a call on many', async () => {
    const { cache, faults } = open()
    faults.fail({ on: 'setMany' })
    const setting = cache.setMany([
      ['a', 1],
      ['b', 1],
    ])
    await expect(setting).rejects.toMatchObject({ keys: ['a', 'b'] })
  })
})

it('a lost reply tells the caller of a timeout, and the call was applied', async () => {
  const { cache, faults } = open()
  faults.loseReply({ on: 'core.add' })
  await expect(cache.increment('a')).rejects.toMatchObject({ reason: 'timeout' })
  expect(await cache.get('a')).toBe(1)
  expect(await cache.increment('a')).toBe(2)
})

describe('a call that is held', () => {
  it('waits until it is released, and others pass meanwhile', async () => {
    const { cache, faults } = open()
    const release = faults.hold({ on: 'set' })
    let written: boolean | undefined
    const writing = cache.set('a', 1).then((answer) => (written = answer))
    expect(await cache.get('a')).toBeUndefined()
    await settle()
    expect(faults.held).toBe(1)
    expect(written).toBeUndefined()
    release()
    await writing
    expect(faults.held).toBe(0)
    expect(await cache.get('a')).toBe(1)
  })

  it('is let go by healing, as all others are, and later ones pass', async () => {
    const { cache, faults } = open()
    faults.hold({ on: 'get', times: 2 })
    faults.hold({ on: 'set', times: Infinity })
    const all = Promise.all([cache.get('a'), cache.get('a'), cache.set('a', 1), cache.set('b', 1)])
    await settle()
    expect(faults.held).toBe(4)
    faults.heal()
    expect(await all).toEqual([undefined, undefined, true, true])
    expect(await cache.set('c', 1)).toBe(true)
  })
})

describe('a call that is late', () => {
  afterEach(() => void vi.useRealTimers())

  it('is applied when it arrives', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { cache, faults } = open()
    faults.delay('2s', { on: 'set' })
    const writing = cache.set('a', 1)
    await vi.advanceTimersByTimeAsync(1999)
    expect(await cache.get('a')).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(await writing).toBe(true)
    expect(await cache.get('a')).toBe(1)
  })

  it('misses its deadline, and is applied all the same', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const faults = manualFaults()
    const store = flakyStore(memoryStore(), faults)
    const cache = createCache({ store })
    const release = faults.hold({ on: 'run' })
    const { add } = await import('../src/operations/entry.ts')
    const adding = store.run(add, { key: 'sluice:a', by: 1, ttlMs: 0 }, { deadlineMs: 50 })
    await Promise.all([
      expect(adding).rejects.toMatchObject({ reason: 'timeout' }),
      vi.advanceTimersByTimeAsync(50),
    ])
    expect(await cache.get('a')).toBeUndefined()
    release()
    await settle()
    expect(await cache.get('a')).toBe(1)
  })
})

it('of several faults the one that was asked for first acts, then the next', async () => {
  const { cache, faults } = open()
  faults.fail({ reason: 'denied' })
  faults.loseReply({ on: 'set' })
  await expect(cache.set('a', 1)).rejects.toMatchObject({ reason: 'denied' })
  await expect(cache.set('a', 1)).rejects.toMatchObject({ reason: 'timeout' })
  expect(await cache.set('a', 2)).toBe(true)
})

it.each([
  [() => manualFaults().fail({ time: 2 } as object), /no option "time". Did you mean "times"\?/],
  [() => manualFaults().hold({ times: 0 }), /Expected "times" to be a whole number of at least 1/],
  [() => manualFaults().fail({ reason: 'late' as 'denied' }), /Expected "reason" to be one of/],
  [() => manualFaults().delay('soon' as '1s'), /Expected "by" to be a duration/],
])('a wrong fault is refused with the fix', (plant, message) => {
  expect(plant).toThrow(message)
})
