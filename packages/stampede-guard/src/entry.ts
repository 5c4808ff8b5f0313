/** The format of an entry. A reader treats one that it does not know as a miss, and writes its own. */
const format = 1

/** The generation of each tag of an entry, as it was before its value was loaded. */
export type Stamps = Readonly<Record<string, string>>

/** What a guard keeps under a key: plain data, which any reader of the cache understands. */
export interface Entry {
  /** Tells an entry of a guard from other values, and its format. */
  readonly guard: typeof format
  readonly value: unknown
  /** By the clock of the process that wrote it, as all times here. */
  readonly writtenAtMs: number
  /** When the ttl is over. The entry itself may be kept for longer: it is stale then. */
  readonly expiresAtMs: number
  /** How long loading takes: measured and smoothed, at least 1. */
  readonly loadMs: number
  /** Absent without tags. */
  readonly tags?: Stamps
}

/** What an entry is made of. */
export interface EntryParts {
  readonly value: unknown
  readonly nowMs: number
  readonly ttlMs: number
  readonly loadMs: number
  readonly tags?: Stamps | undefined
}

/** The entry that is written at `nowMs`. */
export function createEntry({ value, nowMs, ttlMs, loadMs, tags }: EntryParts): Entry {
  const entry: Entry = {
    guard: format,
    value,
    writtenAtMs: nowMs,
    expiresAtMs: nowMs + ttlMs,
    loadMs,
  }
  return tags === undefined || Object.keys(tags).length === 0 ? entry : { ...entry, tags }
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
    typeof found.loadMs === 'number' &&
    (!('tags' in found) || areStamps(found.tags))
  )
}

/** True when two entries are one that was read twice. */
export function isSameEntry(a: Entry, b: Entry): boolean {
  return a.writtenAtMs === b.writtenAtMs && a.expiresAtMs === b.expiresAtMs && a.loadMs === b.loadMs
}

function areStamps(given: unknown): given is Stamps {
  return (
    typeof given === 'object' &&
    given !== null &&
    Object.values(given).every((stamp) => typeof stamp === 'string')
  )
}
