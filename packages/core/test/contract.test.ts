import { memoryStore } from '@sluice/core/memory'
import { manualClock, storeContract } from '@sluice/core/testing'
import { describe, it } from 'vitest'

describe('memoryStore keeps the contract of a store', () => {
  const cases = storeContract(async () => {
    const clock = manualClock()
    return {
      store: memoryStore({ clock }),
      key: (name) => `contract:${name}`,
      pass: async (ms) => clock.advance(ms),
    }
  })
  for (const { name, run } of cases) it(name, run)
})
