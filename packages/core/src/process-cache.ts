import type { Cache } from './cache.ts'
import { createCache } from './create-cache.ts'

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
