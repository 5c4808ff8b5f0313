import type { RedisStoreOptions } from '@sluice/core/redis'

/** What a worker does when it is told. Each answers when it is done, and never rejects for what a lock may do. */
export interface WorkerVerbs {
  /** Makes locks on a Redis, under a name of this worker's own. */
  open(options: ClientOptions): void
  /** Says where the resource is that the locks guard. */
  guard(options: { readonly redis: RedisStoreOptions; readonly prefix: string }): void
  /** Takes a lock: 'ok', or the code of the error. */
  acquire(options: AcquireOptions): string
  extend(options: HoldOptions): string
  release(options: HoldOptions): string
  /** 'held', or the code of what `assertHeld` throws. */
  assertHeld(options: HoldOptions): string
  /** Blocks the event loop for so long, and does `assertHeld` at the next line where a hold is given. */
  block(options: { readonly ms: number; readonly hold?: string }): string | undefined
  /** Reads the list that nothing guards but the lock. */
  read(options: HoldOptions): void
  /** Writes what it read, and one mark more. */
  append(options: HoldOptions): void
  /** Writes to the register that checks fences: whether it was let. */
  write(options: HoldOptions): boolean
  /** Works under locks, in a loop, until `rest`. */
  begin(options: ContendOptions): void
  rest(options: Record<string, never>): void
  clock(options: Record<string, never>): number
}

/** Which locks, on which Redis. */
export interface ClientOptions {
  readonly client: string
  /** Default: ours. Else a broken kind of broken-locks.mjs. */
  readonly kind?: string
  readonly prefix: string
  readonly ttl: number
  /** How many replicas must have a grant. Default 0. */
  readonly replicas?: number
  readonly redis: RedisStoreOptions
}

/** Which lock, for how long at most, and how the hold is called. */
export interface AcquireOptions {
  readonly client: string
  readonly lock: string
  readonly hold: string
  readonly wait: number
}

/** What a worker contends for. */
export interface ContendOptions {
  readonly client: string
  readonly locks: readonly string[]
  readonly wait: number
  /** The longest that it works under a lock. */
  readonly workMs: number
}

interface HoldOptions {
  readonly hold: string
}
