import { createCache, type Store } from '@sluice/core'
import type { Operation } from '@sluice/core/extend'
import { memoryStore } from '@sluice/core/memory'
import { manualClock } from '@sluice/core/testing'
import { createSessions, type SessionsOptions } from '../src/index.ts'

/** What the tests keep in sessions. */
export interface Kept {
  cart: string[]
  theme: string
  count: number
}

/** Sessions in memory whose time a test moves. `before` is awaited before an operation of a name runs. */
export function memorySessions(options: SessionsOptions = {}) {
  const clock = manualClock()
  const memory = memoryStore({ clock })
  const hooks = { before: async (_operation: string): Promise<void> => undefined }
  const store: Store = {
    ...memory,
    async run<Args, Result>(operation: Operation<Args, Result>, args: Args): Promise<Result> {
      await hooks.before(operation.name.replace('session-store.', ''))
      return memory.run(operation, args)
    },
  }
  const cache = createCache({ store })
  const keys = async (): Promise<string[]> => {
    const found: string[] = []
    for await (const batch of memory.scan('*')) found.push(...batch.keys)
    return found
  }
  return {
    clock,
    cache,
    memory,
    hooks,
    keys,
    sessions: createSessions<Kept>({ cache, ...options }),
  }
}
