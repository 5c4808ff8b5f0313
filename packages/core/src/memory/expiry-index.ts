const bucketMs = 1000

/**
 * Finds expired keys without looking at the others: keys by the second in which they expire. Costs one set entry a
 * key with a ttl, no timer a key, and a sweep in proportion to what has expired.
 */
export interface ExpiryIndex {
  /** `Infinity` is not recorded. */
  add(key: string, expiresAtMs: number): void
  remove(key: string, expiresAtMs: number): void
  /** Takes out up to `most` keys whose second is over by `nowMs` and hands each on; true when some may be left. */
  takeExpired(nowMs: number, most: number, onExpired: (key: string) => void): boolean
}

/** Makes an empty index. */
export function createExpiryIndex(): ExpiryIndex {
  const buckets = new Map<number, Set<string>>()
  const bucketOf = (expiresAtMs: number): number => Math.floor(expiresAtMs / bucketMs)

  return {
    add(key, expiresAtMs) {
      if (expiresAtMs === Number.POSITIVE_INFINITY) return
      const second = bucketOf(expiresAtMs)
      const bucket = buckets.get(second)
      if (bucket === undefined) buckets.set(second, new Set([key]))
      else bucket.add(key)
    },
    remove(key, expiresAtMs) {
      if (expiresAtMs === Number.POSITIVE_INFINITY) return
      const second = bucketOf(expiresAtMs)
      const bucket = buckets.get(second)
      if (bucket?.delete(key) && bucket.size === 0) buckets.delete(second)
    },
    takeExpired(nowMs, most, onExpired) {
      const over = bucketOf(nowMs)
      let left = most
      for (const [second, bucket] of buckets) {
        if (second >= over) continue
        for (const key of bucket) {
          if (left-- === 0) return true
          bucket.delete(key)
          onExpired(key)
        }
        buckets.delete(second)
      }
      return false
    },
  }
}
