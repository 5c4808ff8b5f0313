import { LRUCache } from 'lru-cache'
import type { NearEntry, Watch } from '../near-source.ts'
import type { Payload } from '../payload.ts'

/** A read that is under way. Its reply is kept only if nothing told of a write since it was sent. */
export interface Flight {
  /** Keeps the reply, unless the key was written or everything came into doubt meanwhile. */
  land(found: NearEntry | undefined): void
  /** Forgets the flight, landed or not. */
  end(): void
}

/** What is kept in process. */
export interface NearEntries {
  /** The payload, where it may be served at this moment of `performance.now()`. */
  serve(key: string, nowMs: number): Payload | undefined
  /** To be called before the read is sent. */
  takeOff(key: string, watch: Watch, nowMs: number): Flight
  /** A key was written: what is kept of it goes, and what is under way will not be kept. */
  drop(key: string): void
  /** Any key may have been written. */
  dropAll(): void
  size(): number
}

/** How much is kept and for how long. */
export interface NearLimits {
  readonly maxEntries: number
  readonly maxBytes: number | undefined
  readonly ttlMs: number
  readonly maxStaleMs: number
}

interface Entry {
  readonly payload: Payload
  readonly watch: Watch
  readonly expiresAtMs: number
}

/** Reads of one key that are under way, with no write told since the first of them was sent. */
interface Pending {
  readers: number
  overtaken: boolean
}

/** Makes an empty compartment. */
export function createNearEntries(limits: NearLimits): NearEntries {
  const pending = new Map<string, Pending>()
  const kept = new LRUCache<string, Entry>({
    max: limits.maxEntries,
    ...(limits.maxBytes === undefined
      ? {}
      : { maxSize: limits.maxBytes, sizeCalculation: bytesOf }),
  })
  const overtake = (reads: Pending): void => {
    reads.overtaken = true
  }

  return {
    serve(key, nowMs) {
      const entry = kept.get(key)
      if (entry === undefined || nowMs >= entry.expiresAtMs) return undefined
      return nowMs - entry.watch.coherentAtMs() <= limits.maxStaleMs ? entry.payload : undefined
    },
    takeOff(key, watch, nowMs) {
      const reads = pending.get(key) ?? { readers: 0, overtaken: false }
      reads.readers++
      pending.set(key, reads)
      return {
        land(found) {
          if (found === undefined || reads.overtaken) return
          // Counted from the sending, so that it is never kept longer than the server keeps it.
          const expiresAtMs = nowMs + Math.min(found.ttlMs, limits.ttlMs)
          kept.set(key, { payload: found.payload, watch, expiresAtMs })
        },
        end() {
          if (--reads.readers === 0 && pending.get(key) === reads) pending.delete(key)
        },
      }
    },
    drop(key) {
      kept.delete(key)
      const reads = pending.get(key)
      if (reads === undefined) return
      overtake(reads)
      // A read that is sent from now on sees the write.
      pending.delete(key)
    },
    dropAll() {
      kept.clear()
      for (const reads of pending.values()) overtake(reads)
      pending.clear()
    },
    size: () => kept.size,
  }
}

/** UTF-16 units are counted as two bytes: an upper estimate of what V8 keeps. */
function bytesOf({ payload }: Entry, key: string): number {
  const bytes = typeof payload === 'string' ? 2 * payload.length : payload.length
  return 2 * key.length + bytes + 1
}
