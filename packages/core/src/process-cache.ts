import type { Cache } from './cache.ts'
import { createCache } from './create-cache.ts'
import { memoryStore } from './memory/index.ts'
import type { Store } from './store.ts'

const slot = Symbol.for('@sluice/core/process-cache')

/** Where the one cache of the process is kept, so that two copies of this package share it. */
const holder = globalThis as { [slot]?: Cache }

/**
 * The one memory cache of this process: what a package uses when it is given none. Fine for development and for a
 * service of one process; several processes each have their own.
 */
export function processCache(): Cache {
  return (holder[slot] ??= createCache())
}

/**
 * A store in this process for what a package keeps of its own while the real store is away.
 *
 * @param maxState keys of operations that it takes; what is beyond is refused with `StoreFullError`
 */
export function standInStore(maxState: number): Store {
  return memoryStore({ maxEntries: 1, maxState })
}
