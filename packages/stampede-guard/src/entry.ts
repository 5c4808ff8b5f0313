/** The format of an entry. A reader treats one that it does not know as a miss, and writes its own. */
const format = 1

/** What a guard keeps under a key: plain data, which any reader of the cache understands. */
export interface Entry {
  /** Tells an entry of a guard from other values, and its format. */
  readonly guard: typeof format
  readonly value: unknown
  /** By the clock of the process that wrote it, as all times here. */
  readonly writtenAtMs: number
  /** When the ttl is over. */
  readonly expiresAtMs: number
  /** How long loading takes: measured and smoothed, at least 1. */
  readonly loadMs: number
}

/** The entry that is written at `nowMs`. */
export function createEntry(value: unknown, nowMs: number, ttlMs: number, loadMs: number): Entry {
  return { guard: format, value, writtenAtMs: nowMs, expiresAtMs: nowMs + ttlMs, loadMs }
}

/** What the cache gave, if it is an entry. Anything else under the key counts as a miss. */
export function isEntry(found: unknown): found is Entry {
  return (
    typeof found === 'object' &&
    found !== null &&
    'guard' in found &&
    found.guard === format &&
    'value' in found &&
    'writtenAtMs' in found &&
    typeof found.writtenAtMs === 'number' &&
    'expiresAtMs' in found &&
    typeof found.expiresAtMs === 'number' &&
    'loadMs' in found &&
    typeof found.loadMs === 'number'
  )
}
