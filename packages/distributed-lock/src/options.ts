import type { Cache, Duration } from '@sluice/core'
import {
  booleanOption,
  checkOptions,
  choiceOption,
  durationMs,
  durationOption,
  integerOption,
  wrongOption,
} from '@sluice/core/extend'
import { parseRetry, type RetryOptions, type RetryPlan } from './retry.ts'

/** Options of `createLocks`. */
export interface LocksOptions {
  /** The cache whose store keeps the leases. On a memory store they hold within this process only. */
  readonly cache: Cache
  /**
   * How long a lease lives unless it is renewed, which it is at every third of this. It is how long others wait after
   * a crash, not how long the work may take: `'100ms'` to `'7d'`. Default `'30s'`.
   */
  readonly ttl?: Duration | undefined
  /**
   * How long a fence is remembered after the end of the last lease: `'1h'` or more. Default `'7d'`. What was forgotten is
   * made anew from the clock, so fences rise all the same unless the store's clock was set back by more than this.
   */
  readonly fenceRetention?: Duration | undefined
  /**
   * How many replicas of Redis must have a grant before it counts: all that there are, or the one that is promoted in a
   * failover may be one that has not. A grant that they do not have in time is given back, and refused with
   * `LockNotReplicatedError`. Costs one more command (`WAIT`) each time that a lock is asked for, about a round trip from Redis
   * to its replicas for each grant, and one more connection. Renewals are not waited for. Needs `redisStore()`: memory has no replicas. Default 0.
   */
  readonly replicas?: number | undefined
  /** How long the replicas may take: up to `'1s'`, and up to a third of the ttl. Default: as long as that. */
  readonly replicasTimeout?: Duration | undefined
}

/** `LocksOptions`, parsed. */
export interface LocksPlan {
  readonly cache: Cache
  readonly ttlMs: number
  readonly fenceRetentionMs: number
  readonly replication: Replication
}

/** Which replicas must have a grant. */
export interface Replication {
  /** 0 for none. */
  readonly count: number
  readonly timeoutMs: number
}

/** Options of `tryAcquire` and `tryRun`. */
export interface TryOptions {
  /** This lease's ttl. Default: that of `createLocks`. */
  readonly ttl?: Duration | undefined
  /**
   * The longest that the lock may be held: then the lease is renewed no more and `signal` aborts. It is measured from the
   * moment the lock was asked for. Default: as long as the work takes.
   */
  readonly maxHold?: Duration | undefined
  /**
   * True where the caller may hold the lock already: inside `run`, `tryRun` or `withLock` of the same name it is then given
   * that lease, with its fence, and giving it back does nothing. Default false: it would wait for itself.
   */
  readonly reentrant?: boolean | undefined
}

/** How one lock is tried for, parsed. */
export interface TryPlan {
  readonly ttlMs: number
  readonly maxHoldMs: number
  readonly isReentrant: boolean
}

/** What `run` and `tryRun` do when the lease was lost before the work ended. */
export interface LossOptions {
  /** `'throw'` rejects with `LockLostError`, `'ignore'` resolves to what the work returned. Default `'throw'`. */
  readonly onLost?: 'throw' | 'ignore' | undefined
}

/** Options of `acquire` and `run`. */
export interface AcquireOptions extends TryOptions {
  /** How long to wait for a lock that is held: 0 for one attempt, `Infinity` for as long as it takes. Default `'10s'`. */
  readonly wait?: Duration | undefined
  /** Ends the wait: the call rejects with the signal's reason. Once acquired, the lock has a signal of its own. */
  readonly signal?: AbortSignal | undefined
  /**
   * Asks again and again instead of standing in the line: such a waiter has no place, so everybody who stands in the line
   * is served before it. For a store that cannot pass on messages. Default: stands in the line, first come first served.
   */
  readonly retry?: RetryOptions | undefined
}

/** Options of `run`. */
export interface RunOptions extends AcquireOptions, LossOptions {}

/** Options of `tryRun`. */
export interface TryRunOptions extends TryOptions, LossOptions {}

/** How one lock is acquired, parsed. */
export interface AcquirePlan extends TryPlan {
  readonly waitMs: number
  /** `undefined`: stands in the line. */
  readonly retry: RetryPlan | undefined
  readonly signal: AbortSignal | undefined
}

const locksNames = ['cache', 'ttl', 'fenceRetention', 'replicas', 'replicasTimeout']
const tryNames = ['ttl', 'maxHold', 'reentrant']
const acquireNames = [...tryNames, 'wait', 'signal', 'retry']
const defaultTtlMs = 30_000
const longestReplicasMs = 1000
const shortestTtlMs = 100
/** Node's timers end at 24 days, and a lease that outlives a crash by a week serves nobody. */
const longestTtlMs = 7 * 24 * 60 * 60 * 1000

/** @throws OptionError for an option that is unknown or of the wrong kind */
export function parseLocksOptions(options: LocksOptions): LocksPlan {
  checkOptions('createLocks', options, locksNames)
  const { cache, ttl, fenceRetention } = options
  if (typeof cache?.stateKey !== 'function' || typeof cache.store?.run !== 'function') {
    throw wrongOption('cache', 'a cache: createLocks({ cache: createCache({ store: … }) })', cache)
  }
  const fenceRetentionMs = durationOption(fenceRetention, 'fenceRetention', '7d')
  if (fenceRetentionMs < 3_600_000) {
    throw wrongOption('fenceRetention', `a duration of at least '1h'`, fenceRetention)
  }
  const ttlMs = parseTtl(ttl, defaultTtlMs)
  return { cache, ttlMs, fenceRetentionMs, replication: parseReplication(options) }
}

function parseReplication({ replicas, replicasTimeout }: LocksOptions): Replication {
  const count = integerOption(replicas, 'replicas', 0, 0)
  const timeoutMs = durationOption(replicasTimeout, 'replicasTimeout', longestReplicasMs)
  if (timeoutMs > longestReplicasMs) {
    throw wrongOption('replicasTimeout', `a duration of up to '1s'`, replicasTimeout)
  }
  if (count === 0 && replicasTimeout !== undefined) {
    throw wrongOption('replicas', 'how many, where "replicasTimeout" is given', replicas)
  }
  return { count, timeoutMs }
}

/** @throws OptionError for an option that is unknown or of the wrong kind */
export function parseTry(caller: string, options: TryOptions, locksTtlMs: number): TryPlan {
  checkOptions(caller, options, tryNames)
  return parseHold(options, locksTtlMs)
}

/** @throws OptionError for an option that is unknown or of the wrong kind */
export function parseAcquire(
  caller: string,
  options: AcquireOptions,
  locksTtlMs: number = defaultTtlMs,
): AcquirePlan {
  checkOptions(caller, options, acquireNames)
  const { wait, signal, retry } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongOption('signal', 'an AbortSignal', signal)
  }
  const { ttlMs, maxHoldMs, isReentrant } = parseHold(options, locksTtlMs)
  return {
    ttlMs,
    maxHoldMs,
    isReentrant,
    waitMs: parseWait(wait),
    retry: retry === undefined ? undefined : parseRetry(retry),
    signal,
  }
}

function parseHold({ ttl, maxHold, reentrant }: TryOptions, locksTtlMs: number): TryPlan {
  return {
    ttlMs: parseTtl(ttl, locksTtlMs),
    maxHoldMs: maxHold === undefined ? Number.POSITIVE_INFINITY : durationMs(maxHold, 'maxHold'),
    isReentrant: booleanOption(reentrant, 'reentrant', false),
  }
}

/** Splits off what `run` and `tryRun` do with a loss. @throws OptionError for a policy that is none */
export function parseLoss<Options extends LossOptions>(
  options: Options,
): { readonly isIgnored: boolean; readonly rest: Omit<Options, 'onLost'> } {
  if (!Object.hasOwn(options, 'onLost')) return { isIgnored: false, rest: options }
  const { onLost, ...rest } = options
  return {
    isIgnored: choiceOption(onLost, 'onLost', ['throw', 'ignore'], 'throw') === 'ignore',
    rest,
  }
}

/** @throws OptionError for what is no ttl of a lease */
export function parseTtl(ttl: Duration | undefined, defaultMs: number = defaultTtlMs): number {
  const ttlMs = durationOption(ttl, 'ttl', defaultMs)
  if (ttlMs >= shortestTtlMs && ttlMs <= longestTtlMs) return ttlMs
  throw wrongOption('ttl', `a duration from '100ms' to '7d'`, ttl)
}

function parseWait(wait: Duration = '10s'): number {
  return wait === 0 || wait === Number.POSITIVE_INFINITY ? wait : durationMs(wait, 'wait')
}
