/** Remembers keys for a while, in this process. */
export interface ShortMemory {
  has(key: string, nowMs: number): boolean
  add(key: string, untilMs: number): void
  delete(key: string): void
}

const most = 10_000

/** Bounded: the oldest is forgotten. */
export function createShortMemory(): ShortMemory {
  const untilByKey = new Map<string, number>()
  return {
    has(key, nowMs) {
      const untilMs = untilByKey.get(key)
      if (untilMs === undefined) return false
      if (untilMs > nowMs) return true
      untilByKey.delete(key)
      return false
    },
    add(key, untilMs) {
      untilByKey.delete(key)
      untilByKey.set(key, untilMs)
      if (untilByKey.size <= most) return
      const [oldest = key] = untilByKey.keys()
      untilByKey.delete(oldest)
    },
    delete: (key) => void untilByKey.delete(key),
  }
}
