import type { Cache, Duration } from '@sluice/core'
import {
  choiceOption,
  durationOption,
  integerOption,
  processCache,
  wrongOption,
} from '@sluice/core/extend'

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
   * When the store fails or misses the deadline: `'local'` counts in this process by the same policies, `'open'` lets everything pass, `'closed'` rejects with the store's error,
   * which the middleware answers with 503. Default `'local'`. The store is asked again with every request.
   */
  readonly onStoreError?: OnStoreError | undefined
  /** How long the store may take to decide. Default 100 ms. */
  readonly deadline?: Duration | undefined
  /**
   * Of how many refused keys this process remembers until when, and refuses them without asking a store that is shared:
   * for five seconds at the most, so that a `reset` or refund by another process is seen by then. 0 remembers none. Default
   * 10 000.
   */
  readonly rememberRefusals?: number | undefined
  /**
   * Takes this many units of a key at a time from a store that is shared, and spends them in this process. Admits never
   * more than without it, but units that are left when the window is over are lost. For `'sliding-window'` and
   * `'fixed-window'`. Default: none.
   */
  readonly lease?: number | undefined
  /** With `'local'`: of how many keys this process counts while the store is away; what is beyond passes. Default 100 000. */
  readonly maxLocalKeys?: number | undefined
}

/** Settings, parsed once. */
export interface LimiterConfig {
  readonly cache: Cache
  /** What keeps the blocks of keys apart from those of other limiters. */
  readonly name: string
  readonly onStoreError: OnStoreError
  readonly deadlineMs: number
  readonly rememberRefusals: number
  /** 1 takes what is asked for. */
  readonly lease: number
  readonly maxLocalKeys: number
}

/** The names of all options of `createRateLimiter`. */
export const limiterOptionNames = [
  'cache',
  'name',
  'limit',
  'window',
  'policies',
  'algorithm',
  'burst',
  'onStoreError',
  'deadline',
  'rememberRefusals',
  'lease',
  'maxLocalKeys',
] as const

/** @throws OptionError for a setting of the wrong kind */
export function parseSettings(settings: LimiterSettings): LimiterConfig {
  const cache = cacheOption(settings.cache)
  return {
    cache,
    name: settings.name ?? '',
    onStoreError: choiceOption(settings.onStoreError, 'onStoreError', policies, 'local'),
    deadlineMs: durationOption(settings.deadline, 'deadline', 100),
    rememberRefusals: integerOption(settings.rememberRefusals, 'rememberRefusals', 10_000, 0),
    lease: integerOption(settings.lease, 'lease', 1),
    maxLocalKeys: integerOption(settings.maxLocalKeys, 'maxLocalKeys', 100_000),
  }
}

const policies = ['local', 'open', 'closed'] as const

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
