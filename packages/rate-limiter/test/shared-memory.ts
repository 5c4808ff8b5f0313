import { createCache, type Cache, type Store } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock, type ManualClock } from '@sluice/core/testing'

/** A cache in memory that passes for one that several processes share, and counts the operations that it is asked. */
export interface SharedMemory {
  readonly cache: Cache
  readonly store: Store
  readonly clock: ManualClock
  /** How often the store was asked so far. */
  asked(): number
}

export function sharedMemory(): SharedMemory {
  const clock = manualClock()
  const memory = memoryStore({ clock })
  let asked = 0
  const store: Store = {
    ...memory,
    shared: true,
    run(operation, args, options) {
      asked++
      return memory.run(operation, args, options)
    },
  }
  return { cache: createCache({ store }), store, clock, asked: () => asked }
}
