import { createCache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import { createRateLimiter } from '@sluice/rate-limiter'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { usedOf } from '../../src/inspect/limit-states.ts'

const algorithms = ['sliding-window', 'fixed-window', 'sliding-log', 'token-bucket'] as const
const step = fc.record({
  cost: fc.integer({ min: 1, max: 7 }),
  afterMs: fc.integer({ min: 1, max: 900 }),
})

it.each(algorithms)('what is said of a %s is what its limiter says', async (algorithm) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20 }),
      fc.array(step, { maxLength: 15 }),
      async (limit, steps) => {
        const clock = manualClock(1_700_000_000_123)
        const store = memoryStore({ clock })
        const cache = createCache({ store })
        const windowMs = 1000
        const limiter = createRateLimiter({ cache, limit, window: windowMs, algorithm })
        for (const { cost, afterMs } of steps) {
          await limiter.consume('key', { cost })
          clock.advance(afterMs)
          const state = await stateIn(store)
          const said = await limiter.peek('key')
          const use = usedOf(algorithm, state, { limit, windowMs, nowMs: clock.now() })
          expect(use?.used ?? 0).toBe(limit - said.remaining)
          expect(use?.resetsInMs ?? 0).toBe(said.resetAfterMs)
        }
      },
    ),
    { numRuns: 25 },
  )
})

/** The text that the limiter keeps; `''` for none. */
async function stateIn(store: ReturnType<typeof memoryStore>): Promise<string> {
  for await (const { keys } of store.scan('*#limit:*')) {
    for (const key of keys) return String(await store.get(key))
  }
  return ''
}
