/** What a view counted since it was made or reset. Counting asks no store. */
export interface CacheStats {
  /** Reads that found a value; of `getMany`, each key counts. */
  readonly hits: number
  /** Reads that found none, or one that could not be read. */
  readonly misses: number
  /** Hits of all reads, 0 to 1; 0 before the first read. */
  readonly hitRate: number
  /** Entries that `set`, `setIfAbsent` and `setMany` wrote. */
  readonly sets: number
  /** Entries that were deleted, one by one, by `take` or in numbers. */
  readonly deletes: number
  /** Reads that found something that could not be read: counted as misses too. */
  readonly unreadable: number
  /** Cached entries that made room for others, of the whole memory store; `undefined` on Redis. */
  readonly evictions: number | undefined
  /** Keys of sessions, locks and limits in the whole memory store, which `maxState` bounds; `undefined` on Redis. */
  readonly stateKeys: number | undefined
  /** Entries of this view in a memory store; `undefined` on Redis, where `countMatching('*')` counts them. */
  readonly size: number | undefined
  /** An upper estimate of their bytes in a memory store; `undefined` on Redis. */
  readonly memoryBytes: number | undefined
}

/** What is counted as it happens. */
export interface Counts {
  hits: number
  misses: number
  sets: number
  deletes: number
  unreadable: number
}

/** Counts of a view and of the views that it lies in. */
export interface Counters {
  readonly own: Counts
  add(what: keyof Counts, by: number): void
  reset(): void
}

/** @param parent the counters of the view around; what is counted here is counted there too */
export function createCounters(parent?: Counters): Counters {
  const own: Counts = { hits: 0, misses: 0, sets: 0, deletes: 0, unreadable: 0 }
  return {
    own,
    add(what, by) {
      own[what] += by
      parent?.add(what, by)
    },
    reset() {
      Object.assign(own, { hits: 0, misses: 0, sets: 0, deletes: 0, unreadable: 0 })
    },
  }
}
