import type { Cache } from '@sluice/core'
import { isEntry, type Entry } from './entry.ts'
import { isFailure, reportFailure } from './failures.ts'

/** What the cache holds: the entry, `undefined` on a miss, or `'failed'` when the store could not tell. */
export type Reading = Entry | 'failed' | undefined

/** Reads entries, and outlives a store that fails. */
export interface Reader {
  read(key: string): Promise<Reading>
  /** The entries that are there, in one batch. */
  readMany(keys: readonly string[]): Promise<ReadonlyMap<string, Entry> | 'failed'>
}

/** Makes a reader. */
export function createReader(cache: Cache): Reader {
  return {
    async read(key) {
      try {
        const found = await cache.get(key)
        return isEntry(found) ? found : undefined
      } catch (error) {
        return failed(error)
      }
    },
    async readMany(keys) {
      try {
        const found = await cache.getMany(keys)
        return new Map([...found].filter((one): one is [string, Entry] => isEntry(one[1])))
      } catch (error) {
        return failed(error)
      }
    },
  }
}

function failed(error: unknown): 'failed' {
  if (!isFailure(error)) throw error
  reportFailure({ verb: 'get', instead: 'load', error })
  return 'failed'
}
