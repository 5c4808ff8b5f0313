import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import type { ManualClock } from '@sluice/core/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRateLimiter } from '../src/index.ts'
import { sharedMemory } from './shared-memory.ts'

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => vi.useRealTimers())

const minute = 60_000

function onClock(clock: ManualClock) {
  return createCache({ store: memoryStore({ clock }) })
}

function setUp(options: { lease: number; algorithm?: 'fixed-window' }, limit = 100) {
  const shared = sharedMemory()
  const make = (extra: object = {}) =>
    createRateLimiter({ cache: shared.cache, limit, window: '1m', ...options, ...extra })
  const pass = (ms: number) => {
    shared.clock.advance(ms)
    vi.advanceTimersByTime(ms)
  }
  return { ...shared, make, limiter: make(), pass }
}

describe('a lease', () => {
  it('asks the store once for many units, and spends them here', async () => {
    const { limiter, asked } = setUp({ lease: 10 })
    for (let at = 1; at <= 10; at++) {
      const decision = await limiter.consume('ada')
      expect(decision).toMatchObject({
        allowed: true,
        granted: 1,
        remaining: 100 - at,
        source: 'lease',
      })
    }
    expect(asked()).toBe(1)
    await limiter.consume('ada')
    expect(asked()).toBe(2)
    expect(limiter.stats()).toMatchObject({ allowedFromLease: 11, leasedKeys: 1 })
  })

  it('is taken once for callers that come at once', async () => {
    const { limiter, asked } = setUp({ lease: 50 })
    const all = await Promise.all(Array.from({ length: 120 }, () => limiter.consume('ada')))
    expect(all.filter(({ allowed }) => allowed)).toHaveLength(100)
    expect(asked()).toBeLessThan(6)
  })

  it('takes what is left when that is less, and refuses when it is not enough', async () => {
    const { limiter } = setUp({ lease: 50 }, 70)
    for (let at = 0; at < 70; at++) expect((await limiter.consume('ada')).allowed).toBe(true)
    expect(await limiter.consume('ada')).toMatchObject({ allowed: false, source: 'store' })
  })

  it('ends with its window: what is left of it is lost', async () => {
    const { limiter, pass, make } = setUp({ lease: 60, algorithm: 'fixed-window' })
    await limiter.consume('ada')
    pass(minute)
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true })
    const plain = make({ lease: 1 })
    expect(await plain.peek('ada')).toMatchObject({ remaining: 40 })
  })

  it('is given up by a reset and by a block', async () => {
    const { limiter } = setUp({ lease: 60 })
    await limiter.consume('ada')
    await limiter.block('ada', '1m')
    expect(await limiter.consume('ada')).toMatchObject({ allowed: false })
    await limiter.reset('ada')
    expect(await limiter.consume('ada')).toMatchObject({ allowed: true, remaining: 99 })
  })

  it.each(['sliding-window', 'fixed-window'] as const)(
    'never admits what %s without leases would not, whoever spends when',
    async (algorithm) => {
      const step = fc.record({
        waitMs: fc.integer({ min: 1, max: 25_000 }),
        who: fc.nat(2),
        cost: fc.nat(4),
      })
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 3, max: 12 }),
          fc.integer({ min: 2, max: 9 }),
          fc.array(step, { maxLength: 60 }),
          async (limit, lease, steps) => {
            const { clock, make, pass } = setUp({ lease }, limit)
            const processes = [0, 1, 2].map(() => make({ algorithm }))
            // The oracle sees only what was admitted, when it was: it must find room for each.
            const oracle = createRateLimiter({
              cache: onClock(clock),
              limit,
              window: '1m',
              algorithm,
            })
            for (const { waitMs, who, cost } of steps) {
              pass(waitMs)
              const decision = await processes[who]?.consume('ada', { cost })
              const fits = !decision?.allowed || (await oracle.consume('ada', { cost })).allowed
              expect(fits).toBe(true)
            }
          },
        ),
        { numRuns: 150 },
      )
    },
  )
})
