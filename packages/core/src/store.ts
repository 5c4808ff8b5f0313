import type { NearSource } from './near-source.ts'
import type { Operation } from './operation.ts'
import type { Payload } from './payload.ts'

/** When a `set` writes, and for how long. */
export interface StoreSetOptions {
  /** Milliseconds to live, 1 or more. Absent: no expiry. */
  readonly ttlMs?: number
  /** Write only where no live entry is (`absent`) or where one is (`present`). Absent: always. */
  readonly when?: 'absent' | 'present'
}

/** Some keys of a scan. */
export interface ScanBatch {
  /** Those that matched. */
  readonly keys: readonly string[]
  /** About how many keys were looked at for them. */
  readonly scanned: number
}

/** What a store keeps of one prefix, where it can say so without asking a server. */
export interface StoreUsage {
  /** Cached entries, expired ones that were not swept yet included. */
  readonly entries: number
  /** An upper estimate of what they take, keys included. */
  readonly bytes: number
  /** Cached entries that made room for others since the store was made, whatever their prefix. */
  readonly evictions: number
  /** Keys that operations keep (sessions, locks, limits), whatever their prefix: they have a bound of their own. */
  readonly stateKeys: number
}

/** Reads one entry. */
export interface StoreGet {
  (key: string): Promise<Payload | undefined>
  /**
   * The payload, where it can be had at once: a cache asks here first, and saves a promise for every hit in this process.
   * `undefined` says nothing; then `get` is asked. It belongs to this very function, so that a store that wraps another
   * and has a `get` of its own is never passed by.
   */
  readonly now?: (key: string) => Payload | undefined
}

/** Which replicas must have what an operation wrote. */
export interface Replicas<Result = unknown> {
  /** How many of the server's replicas, 1 or more. */
  readonly count: number
  /** How long they may take, up to 1000 ms. The deadline of the call is twice that later: another call may be waiting. */
  readonly timeoutMs: number
  /** Which results only count with the replicas; others are answered at once. Default: all. */
  readonly of?: (result: Result) => boolean
}

/** How one call differs from the store's defaults. */
export interface RunOptions<Result = unknown> {
  /** Milliseconds until the call fails with `StoreUnavailableError`, reason `timeout`. Default: the store's. */
  readonly deadlineMs?: number
  /**
   * Rejects with `StoreUnavailableError`, reason `not-replicated`, unless so many replicas have what the operation wrote,
   * whether it wrote it just now or finds it written already. It was applied all the same: who does not want it then has to
   * undo it. A memory store has no replicas, so it applies nothing and rejects. Redis is asked by one more command (`WAIT`),
   * on a connection of its own that is opened on first use; calls on other connections are not held up, and may overtake.
   */
  readonly replicas?: Replicas<Result>
}

/** Told by a store of what was published on a channel. It must not throw. */
export interface ChannelListener {
  /** A message, in the order in which they were published on the channel. */
  onMessage(message: string): void
  /** Messages may have been missed: the link broke, or was late, and is up now. */
  onGap(): void
}

/** What listens on a channel, until closed. */
export interface Subscription {
  /**
   * Resolves when messages that are published from now on arrive. Rejects with `StoreUnavailableError` when that cannot be
   * had within the store's deadline, or was closed before; with `StoreClosedError` when the store is closed. After a
   * deadline it goes on trying all the same, until closed, and tells by `onGap` when messages arrive. A rejection that
   * nobody looks at is no unhandled one.
   */
  readonly ready: Promise<void>
  /** Nothing is told any more. Idempotent. */
  close(): void
}

/**
 * The port: an engine that keeps payloads under keys and runs atomic operations. It knows nothing of prefixes, values or
 * statistics; the cache above it does. The few verbs here are single commands that must be as fast as the engine;
 * everything else is an operation.
 *
 * What every store promises, and the contract suite checks:
 * - Each verb is atomic. Nothing is half done when it rejects, except that a call which timed out may still apply.
 * - An expired entry is an absent one, for every verb.
 * - Every call settles: with a result, or by its deadline with `StoreUnavailableError`. Nothing is retried or queued
 *   behind the caller's back. After `close()` every call rejects with `StoreClosedError`.
 * - Time is the store's own clock.
 * - A payload of text comes back as text, one of bytes as bytes. Bytes that go in or come out are never changed again.
 *
 * Left out on purpose: transactions over several keys, which a Cluster cannot give; they are operations on keys that
 * share a slot.
 */
export interface Store extends AsyncDisposable {
  /** What it is, for messages: `'memory'`, `'redis'`. */
  readonly kind: string
  /** True when other processes see the same entries. */
  readonly shared: boolean
  /** What `nearStore` needs of the store below it; absent where entries are in this process anyway. */
  readonly near?: NearSource
  /** The payload under a key, `undefined` without a live one. */
  readonly get: StoreGet
  /** Writes and answers true, or answers false where `when` was not met. */
  set(key: string, payload: Payload, options?: StoreSetOptions): Promise<boolean>
  /** The payloads under keys, in their order; `undefined` without a live one. Any number of keys, in any slots. */
  getMany(keys: readonly string[]): Promise<readonly (Payload | undefined)[]>
  /** Writes any number of entries, in any slots, all with one ttl. Not one atomic step. */
  setMany(
    entries: readonly (readonly [key: string, payload: Payload])[],
    ttlMs?: number,
  ): Promise<void>
  /** How many of the keys were there. Any number of keys, in any slots; none is fine. */
  delete(keys: readonly string[]): Promise<number>
  /** Keys that match a Redis glob, in batches. A key written or deleted meanwhile may be missed or come twice. */
  scan(match: string): AsyncIterable<ScanBatch>
  /** Runs one atomic operation. */
  run<Args, Result>(
    operation: Operation<Args, Result>,
    args: Args,
    options?: RunOptions<Result>,
  ): Promise<Result>
  /**
   * Listens on a channel, to what operations publish there: `PUBLISH` in Lua, `publish` in memory. Messages are hints: they
   * may be lost, doubled or late, so that nothing may rest on them but speed. One link of a store carries all channels; it
   * is opened by the first subscription, and does not keep the process alive.
   *
   * @param channel made from a key of the cache, so that it is nobody else's; a client's own `keyPrefix` is not put before it
   */
  subscribe(channel: string, listener: ChannelListener): Subscription
  /** What it keeps under keys that begin with `base`; `undefined` where only a server could tell. */
  usage(base: string): StoreUsage | undefined
  /** Resolves when the store answers. @throws StoreUnavailableError within the deadline when it does not */
  ping(): Promise<void>
  /** Final and idempotent. Ends only what the store opened itself. */
  close(): Promise<void>
}
