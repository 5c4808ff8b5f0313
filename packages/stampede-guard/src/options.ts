import type { Cache, Clock, Duration } from '@sluice/core'
import {
  checkFunction,
  checkOptions,
  durationMs,
  systemClock,
  wrongOption,
} from '@sluice/core/extend'

/** Options of `createGuard`. */
export interface GuardOptions {
  /** Where loaded values live: a cache from `createCache()`, or a namespace or tenant of one. */
  readonly cache: Cache
  /** How long a loaded value lives, unless a call says otherwise. At least 1 ms, and finite. */
  readonly ttl: Duration
  /**
   * How early values are refreshed, as a multiple of the time that loading them takes: above 1 earlier, below 1 later.
   * Default 1, which the authors of XFetch show to be right for nearly everybody.
   */
  readonly beta?: number
  /** Where the time comes from. Default: the system clock. Tests pass the `manualClock()` of their store. */
  readonly clock?: Clock
  /** A number from 0 up to and without 1, drawn for each hit. Default `Math.random`. For tests. */
  readonly random?: () => number
}

/** Options, parsed once. */
export interface GuardConfig {
  readonly cache: Cache
  readonly ttlMs: number
  readonly beta: number
  readonly clock: Clock
  readonly random: () => number
}

/** @throws OptionError on anything missing, unknown or of the wrong kind */
export function parseGuardOptions(options: GuardOptions): GuardConfig {
  checkOptions('createGuard', options, ['cache', 'ttl', 'beta', 'clock', 'random'])
  const { cache, ttl, beta = 1, clock = systemClock, random = Math.random } = options
  if (typeof cache?.stateKey !== 'function') {
    throw wrongOption('cache', 'a cache, such as createCache()', cache)
  }
  if (!Number.isFinite(beta) || beta <= 0) {
    throw wrongOption('beta', 'a finite number above 0', beta)
  }
  if (typeof clock?.now !== 'function') {
    throw wrongOption('clock', 'a clock, such as { now: () => Date.now() }', clock)
  }
  checkFunction(random, 'random')
  return { cache, ttlMs: durationMs(ttl, 'ttl'), beta, clock, random }
}
