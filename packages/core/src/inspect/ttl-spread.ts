/** Keys by how long they still live. */
export interface TtlSpread {
  readonly none: number
  readonly underMinute: number
  readonly underHour: number
  readonly underDay: number
  readonly longer: number
}

/** Counts ttls. */
export interface TtlCounter {
  /** @param ttlMs remaining ms; -1 without expiry */
  add(ttlMs: number): void
  report(): TtlSpread
}

const minuteMs = 60_000

/** Makes a counter at zero. */
export function createTtlCounter(): TtlCounter {
  const counts = { none: 0, underMinute: 0, underHour: 0, underDay: 0, longer: 0 }
  return {
    add: (ttlMs) => void counts[classOf(ttlMs)]++,
    report: () => ({ ...counts }),
  }
}

function classOf(ttlMs: number): keyof TtlSpread {
  if (ttlMs < 0) return 'none'
  if (ttlMs < minuteMs) return 'underMinute'
  if (ttlMs < 60 * minuteMs) return 'underHour'
  return ttlMs < 24 * 60 * minuteMs ? 'underDay' : 'longer'
}
