import type { Payload } from './payload.ts'

/** An entry as a near store reads it. */
export interface NearEntry {
  readonly payload: Payload
  /** Remaining ms, `Infinity` without expiry. */
  readonly ttlMs: number
}

/** How a near store hears of writes: what the server tells by itself, or what near stores tell each other. */
export type InvalidationSource = 'tracking' | 'pubsub'

/** What to watch, and whom to tell. */
export interface WatchOptions {
  /** What the watched keys begin with, as `shop:`. */
  readonly base: string
  readonly source: InvalidationSource
  /** A link that was silent for this long counts as lost. */
  readonly silenceMs: number
  /** These keys were written, deleted, or have expired. May name keys that nobody asked for. */
  onWrite(keys: readonly string[]): void
  /** Any key may have been written: nothing that was read before holds. */
  onDoubt(): void
}

/** Word of every write to some keys, until closed. */
export interface Watch {
  /**
   * Every write that was acknowledged before this moment of `performance.now()` has been told. `-Infinity` while nothing
   * is promised.
   */
  coherentAtMs(): number
  close(): void
}

/** What a near store needs of the store below it. */
export interface NearSource {
  /** Payloads with what is left of their lives, in the order of the keys, read where the watched writes are done. */
  read(keys: readonly string[]): Promise<readonly (NearEntry | undefined)[]>
  /** Starts to watch. Keeps no process alive. */
  watch(options: WatchOptions): Watch
  /** Tells the watches of source `pubsub` over keys that begin with `base`. */
  tell(base: string, keys: readonly string[]): Promise<void>
}
