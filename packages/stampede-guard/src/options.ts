import type { Cache, Clock, Duration } from '@sluice/core'
import {
  checkFunction,
  checkOptions,
  durationOption,
  systemClock,
  wrongOption,
} from '@sluice/core/extend'
import { createPolicy, entryOptionNames, type EntryOptions, type Policy } from './policy.ts'

/** Options of `createGuard`. Those of entries hold for every call that does not say otherwise. */
export interface GuardOptions extends EntryOptions {
  /** Where loaded values live: a cache from `createCache()`, or a namespace or tenant of one. */
  readonly cache: Cache
  /** How long a loaded value is fresh. At least 1 ms, and finite. */
  readonly ttl: Duration
  /**
   * How long an invalidation of tags by another process may go unnoticed when its message is lost. Within it a hit asks
   * nothing of the store for its tags, after it one batch. Default `'1s'`.
   */
  readonly tagCheck?: Duration | undefined
  /** Where the time comes from. Default: the system clock. Tests pass the `manualClock()` of their store. */
  readonly clock?: Clock | undefined
  /** A number from 0 up to and without 1, drawn for each hit. Default `Math.random`. For tests. */
  readonly random?: (() => number) | undefined
}

/** Options, parsed once. */
export interface GuardConfig {
  readonly cache: Cache
  readonly policy: Policy
  readonly tagCheckMs: number
  readonly clock: Clock
  readonly random: () => number
}

/** @throws OptionError on anything missing, unknown or of the wrong kind */
export function parseGuardOptions(options: GuardOptions): GuardConfig {
  const names = ['cache', ...entryOptionNames, 'tagCheck', 'clock', 'random']
  checkOptions('createGuard', options, names)
  const { cache, tagCheck, clock = systemClock, random = Math.random } = options
  if (typeof cache?.stateKey !== 'function') {
    throw wrongOption('cache', 'a cache, such as createCache()', cache)
  }
  if (typeof clock?.now !== 'function') {
    throw wrongOption('clock', 'a clock, such as { now: () => Date.now() }', clock)
  }
  checkFunction(random, 'random')
  const policy = createPolicy(options)
  return { cache, policy, tagCheckMs: durationOption(tagCheck, 'tagCheck', '1s'), clock, random }
}
