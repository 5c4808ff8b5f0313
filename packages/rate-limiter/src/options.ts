import type { Cache, Duration } from '@sluice/core'
import { choiceOption, durationOption, processCache, wrongOption } from '@sluice/core/extend'

/** What a limiter does when its store does not answer. */
export type OnStoreError = 'local' | 'open' | 'closed'

/** What limiters and middleware have in common, beside their limits. */
export interface LimiterSettings {
  /** Where counts are kept. Default: the memory of this process. */
  readonly cache?: Cache | undefined
  /**
   * Keeps this limiter's counts apart from those of others on the same cache: a letter, then up to 63 letters, digits,
   * '.', '_' or '-'. Default: none, and limiters with equal limits share one count.
   */
  readonly name?: string | undefined
  /**
   * When the store fails or misses the deadline: `'local'` counts in this process by the same policies (bounded by
   * the memory store; what is beyond passes), `'open'` lets everything pass, `'closed'` rejects with the store's error,
   * which the middleware answers with 503. Default `'local'`. The store is asked again with every request.
   */
  readonly onStoreError?: OnStoreError | undefined
  /** How long the store may take to decide. Default 100 ms. */
  readonly deadline?: Duration | undefined
}

/** Settings, parsed once. */
export interface LimiterConfig {
  readonly cache: Cache
  readonly onStoreError: OnStoreError
  readonly deadlineMs: number
}

/** The names of all options of `createRateLimiter`. */
export const limiterOptionNames = [
  'cache',
  'name',
  'limit',
  'window',
  'policies',
  'onStoreError',
  'deadline',
] as const

/** @throws OptionError for a setting of the wrong kind */
export function parseSettings(settings: LimiterSettings): LimiterConfig {
  return {
    cache: cacheOption(settings.cache),
    onStoreError: choiceOption(
      settings.onStoreError,
      'onStoreError',
      ['local', 'open', 'closed'],
      'local',
    ),
    deadlineMs: durationOption(settings.deadline, 'deadline', 100),
  }
}

function cacheOption(cache: Cache | undefined): Cache {
  if (cache === undefined) return processCache()
  if (typeof cache?.stateKey === 'function') return cache
  throw wrongOption('cache', 'a cache, made by createCache()', cache)
}

/** @throws OptionError when the cost is no whole number of 0 or more */
export function checkCost(cost: unknown): number {
  if (typeof cost === 'number' && Number.isSafeInteger(cost) && cost >= 0) return cost
  throw wrongOption('cost', 'a whole number of at least 0', cost)
}
