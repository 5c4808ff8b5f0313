import { createCache, type RootCache, type Store } from '@sluice/core'
import { changePromises } from './cache-suite-changes.ts'
import { entryPromises } from './cache-suite-entries.ts'
import { viewPromises } from './cache-suite-views.ts'

/** A store that outlives the caches on it, a prefix that is free, and a way to let the store's time pass. */
export interface CacheSubject {
  readonly store: Store
  readonly prefix: string
  pass(ms: number): Promise<void>
}

/** Makes a cache on a subject of its own. */
export type OpenCache = (options?: { ttl?: number }) => RootCache & CacheSubject

/** What every cache promises, whatever its store. */
export function cacheSuite(make: () => CacheSubject): void {
  const open: OpenCache = (options = {}) => {
    const subject = make()
    const { store, prefix } = subject
    return Object.assign(createCache({ ...options, store, prefix }), subject)
  }
  entryPromises(open)
  changePromises(open)
  viewPromises(open)
}
