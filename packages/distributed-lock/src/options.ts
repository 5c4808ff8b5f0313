import type { Cache, Duration } from '@sluice/core'
import { checkOptions, durationMs, durationOption, wrongOption } from '@sluice/core/extend'
import { parseRetry, type RetryOptions, type RetryPlan } from './retry.ts'

/** Options of `createLocks`. */
export interface LocksOptions {
  /** The cache whose store keeps the leases. On a memory store they hold within this process only. */
  readonly cache: Cache
  /**
   * How long a lease lives unless it is renewed, which it is at every third of this. It is how long others wait after
   * a crash, not how long the work may take: `'100ms'` to `'7d'`. Default `'30s'`.
   */
  readonly ttl?: Duration
}

/** Options of `tryAcquire` and `tryRun`. */
export interface TryOptions {
  /** This lease's ttl. Default: that of `createLocks`. */
  readonly ttl?: Duration
}

/** Options of `acquire` and `run`. */
export interface AcquireOptions extends TryOptions {
  /** How long to wait for a lock that is held: 0 for one attempt, `Infinity` for as long as it takes. Default `'10s'`. */
  readonly wait?: Duration
  /** Ends the wait: the call rejects with the signal's reason. Once acquired, the lock has a signal of its own. */
  readonly signal?: AbortSignal
  /** How often a waiter asks again. */
  readonly retry?: RetryOptions
}

/** How one lock is acquired, parsed. */
export interface AcquirePlan {
  readonly ttlMs: number
  readonly waitMs: number
  readonly retry: RetryPlan
  readonly signal: AbortSignal | undefined
}

const defaultTtlMs = 30_000
const shortestTtlMs = 100
/** Node's timers end at 24 days, and a lease that outlives a crash by a week serves nobody. */
const longestTtlMs = 7 * 24 * 60 * 60 * 1000

/** @throws OptionError for an option that is unknown or of the wrong kind */
export function parseLocksOptions(options: LocksOptions): { cache: Cache; ttlMs: number } {
  checkOptions('createLocks', options, ['cache', 'ttl'])
  const { cache, ttl } = options
  if (typeof cache?.stateKey !== 'function' || typeof cache.store?.run !== 'function') {
    throw wrongOption('cache', 'a cache: createLocks({ cache: createCache({ store: … }) })', cache)
  }
  return { cache, ttlMs: parseTtl(ttl, defaultTtlMs) }
}

/** @throws OptionError for an option that is unknown or of the wrong kind */
export function parseTry(caller: string, options: TryOptions, locksTtlMs: number): number {
  checkOptions(caller, options, ['ttl'])
  return parseTtl(options.ttl, locksTtlMs)
}

/** @throws OptionError for an option that is unknown or of the wrong kind */
export function parseAcquire(
  caller: string,
  options: AcquireOptions,
  locksTtlMs: number = defaultTtlMs,
): AcquirePlan {
  checkOptions(caller, options, ['ttl', 'wait', 'signal', 'retry'])
  const { ttl, wait, signal, retry } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw wrongOption('signal', 'an AbortSignal', signal)
  }
  return {
    ttlMs: parseTtl(ttl, locksTtlMs),
    waitMs: parseWait(wait),
    retry: parseRetry(retry),
    signal,
  }
}

function parseTtl(ttl: Duration | undefined, defaultMs: number): number {
  const ttlMs = durationOption(ttl, 'ttl', defaultMs)
  if (ttlMs >= shortestTtlMs && ttlMs <= longestTtlMs) return ttlMs
  throw wrongOption('ttl', `a duration from '100ms' to '7d'`, ttl)
}

function parseWait(wait: Duration = '10s'): number {
  return wait === 0 || wait === Number.POSITIVE_INFINITY ? wait : durationMs(wait, 'wait')
}
