import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { flakyStore, manualClock, manualFaults } from '@sluice/core/testing'
import { vi } from 'vitest'
import {
  createConcurrencyLimiter,
  type ConcurrencyLimiter,
  type ConcurrencyOptions,
  type Slot,
} from '../src/concurrency/concurrency-limiter.ts'
import { enter } from '../src/operations/enter.ts'

/** Several processes on one store, which fails where a test says so. The timers are vitest's fake ones. */
export function setUp(options: Partial<ConcurrencyOptions> = {}, maxState = 1000) {
  const clock = manualClock()
  const faults = manualFaults()
  const store = memoryStore({ clock, maxState })
  const limiterOn = (over: typeof store): ConcurrencyLimiter =>
    createConcurrencyLimiter({
      cache: createCache({ store: over }),
      maxConcurrent: 2,
      ...options,
    })
  const advance = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1000) {
      clock.advance(1000)
      await vi.advanceTimersByTimeAsync(1000)
    }
  }
  return {
    clock,
    faults,
    store,
    limiter: limiterOn(flakyStore(store, faults)),
    /** Another process, whose connection is whole. */
    other: limiterOn(store),
    /** A process that enters and dies. */
    enterAndDie: () =>
      store.run(enter, {
        key: 'sluice#concurrent:{ada}:2/30000',
        id: `dead ${clock.now()} ${Math.random()}`,
        leaseMs: 30_000,
        most: 2,
      }),
    advance,
  }
}

/** A slot, which must be free. */
export async function slotIn(limiter: ConcurrencyLimiter, key = 'ada'): Promise<Slot> {
  const slot = await limiter.enter(key)
  if (slot === undefined) throw new Error('Expected a free slot')
  return slot
}
