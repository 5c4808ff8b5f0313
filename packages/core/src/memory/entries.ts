import { LRUCache } from 'lru-cache'
import { isStateKey } from '../key.ts'
import type { Payload } from '../payload.ts'
import type { StoreUsage } from '../store.ts'
import { createExpiryIndex } from './expiry-index.ts'

/** What a key holds. `expiresAtMs` is `Infinity` without expiry. */
export type Entry = TextEntry | HashEntry | SortedSetEntry

/** A Redis string. */
export interface TextEntry {
  readonly kind: 'text'
  readonly payload: Payload
  expiresAtMs: number
}

/** A Redis hash. */
export interface HashEntry {
  readonly kind: 'hash'
  readonly fields: Map<string, string>
  expiresAtMs: number
}

/** A Redis sorted set: score by member. */
export interface SortedSetEntry {
  readonly kind: 'sorted-set'
  readonly scores: Map<string, number>
  expiresAtMs: number
}

type SizeOptions = Pick<LRUCache.OptionsBase<string, Entry, unknown>, 'maxSize' | 'sizeCalculation'>

/** How much may be kept. */
export interface EntriesLimits {
  readonly maxEntries: number
  readonly maxBytes: number | undefined
}

/**
 * All keys of a memory store. Cached entries live in an LRU and make room for each other; the state of operations
 * lives beside it and is never evicted. Callers pass the time, so that it stands still within one operation.
 */
export interface Entries {
  /** The entry, expired or not. A cached one becomes the most recently used, and is found in the first place looked at. */
  find(key: string): Entry | undefined
  /** The entry, unless it is absent or has expired by `nowMs`. A cached one becomes the most recently used. */
  live(key: string, nowMs: number): Entry | undefined
  put(key: string, entry: Entry): void
  /** Records a new expiry of an entry that is in. */
  expireAt(key: string, entry: Entry, atMs: number): void
  remove(key: string): void
  keys(): Iterable<string>
  /** Removes up to `most` entries that expired by `nowMs`; true when some may be left. */
  sweep(nowMs: number, most: number): boolean
  /** What the cached entries under a beginning of keys take. Looks at every entry. */
  usage(base: string): StoreUsage
  /** Keys of operation state, expired ones that were not swept yet included. */
  stateCount(): number
  clear(): void
}

/** Makes the two compartments and the index that finds what has expired. */
export function createEntries(limits: EntriesLimits): Entries {
  const expiry = createExpiryIndex()
  let evictions = 0
  const state = new Map<string, Entry>()
  const cached = new LRUCache<string, Entry>({
    max: limits.maxEntries,
    ...sizing(limits),
    dispose(entry, key, reason) {
      expiry.remove(key, entry.expiresAtMs)
      if (reason === 'evict') evictions++
    },
  })
  const compartment = (key: string) => (isStateKey(key) ? state : cached)

  const remove = (key: string): void => {
    const entry = compartment(key).get(key)
    if (entry === undefined) return
    compartment(key).delete(key)
    expiry.remove(key, entry.expiresAtMs)
  }

  return {
    find: (key) => cached.get(key) ?? state.get(key),
    live(key, nowMs) {
      const entry = compartment(key).get(key)
      if (entry === undefined || entry.expiresAtMs > nowMs) return entry
      remove(key)
      return undefined
    },
    put(key, entry) {
      // Taken out first, even when it is the same entry: the LRU measures only what it has not seen.
      remove(key)
      compartment(key).set(key, entry)
      expiry.add(key, entry.expiresAtMs)
    },
    expireAt(key, entry, atMs) {
      expiry.remove(key, entry.expiresAtMs)
      entry.expiresAtMs = atMs
      expiry.add(key, atMs)
    },
    remove,
    *keys() {
      yield* state.keys()
      yield* cached.keys()
    },
    // The index may still name a key that the LRU refused or that lives on with another expiry.
    sweep: (nowMs, most) =>
      expiry.takeExpired(nowMs, most, (key) => {
        const entry = compartment(key).get(key)
        if (entry !== undefined && entry.expiresAtMs <= nowMs) compartment(key).delete(key)
      }),
    usage: (base) => ({ ...usageOf(cached, base), evictions, stateKeys: state.size }),
    stateCount: () => state.size,
    clear() {
      state.clear()
      cached.clear()
    },
  }
}

function usageOf(
  cached: LRUCache<string, Entry>,
  base: string,
): Pick<StoreUsage, 'entries' | 'bytes'> {
  let [entries, bytes] = [0, 0]
  for (const [key, entry] of cached.entries()) {
    if (!key.startsWith(base)) continue
    entries++
    bytes += bytesOf(key, entry)
  }
  return { entries, bytes }
}

function sizing({ maxBytes }: EntriesLimits): SizeOptions {
  if (maxBytes === undefined) return {}
  return { maxSize: maxBytes, sizeCalculation: (entry, key) => bytesOf(key, entry) }
}

/** UTF-16 units are counted as two bytes: an upper estimate of what V8 keeps. Bytes are counted as they are. */
function bytesOf(key: string, entry: Entry): number {
  return 2 * (key.length + contentLength(entry)) + 1
}

function contentLength(entry: Entry): number {
  if (entry.kind === 'text') return payloadLength(entry.payload)
  let length = 0
  if (entry.kind === 'hash') {
    for (const [field, value] of entry.fields) length += field.length + value.length
  } else for (const member of entry.scores.keys()) length += member.length + 4
  return length
}

function payloadLength(payload: Payload): number {
  return typeof payload === 'string' ? payload.length : payload.length / 2
}
