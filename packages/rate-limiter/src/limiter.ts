import { checkOptions } from '@sluice/core/extend'
import { createDecider } from './decider.ts'
import type { Decision } from './decision.ts'
import { checkCost, limiterOptionNames, parseSettings, type LimiterSettings } from './options.ts'
import { draftPolicies, ruleOf, type Limits } from './policy.ts'

/** Options of `createRateLimiter`. */
export type RateLimiterOptions = LimiterSettings & Limits

/** How one call differs. */
export interface ConsumeOptions {
  /** How many units: a whole number of 0 or more. 0 is always allowed and takes nothing. Default 1. */
  readonly cost?: number | undefined
}

/**
 * Counts what each key takes and says when it was too much. A refusal is a value, not an error. Every method rejects
 * with `KeyError` for a key that is empty, not text, or above 1024 bytes.
 */
export interface RateLimiter {
  /**
   * Takes units if every policy has them left, otherwise nothing: one atomic step and one round trip.
   *
   * @throws StoreUnavailableError only with `onStoreError: 'closed'`
   */
  consume(key: string, options?: ConsumeOptions): Promise<Decision>
  /**
   * What `consume` would answer now; takes and writes nothing, so `remaining` is what is there before.
   *
   * @throws StoreUnavailableError only with `onStoreError: 'closed'`
   */
  peek(key: string, options?: ConsumeOptions): Promise<Decision>
  /** Forgets what the key has taken. @throws StoreUnavailableError when the store does not answer, by any policy */
  reset(key: string): Promise<void>
}

/**
 * Makes a rate limiter. Nothing is connected before the first call. Limiters of one name and one cache share their
 * counts, in every process.
 *
 * @example
 * const mails = createRateLimiter({ cache, name: 'mails', limit: 20, window: '1h' })
 * const { allowed, retryAfterMs } = await mails.consume(user.id, { cost: recipients.length })
 * @throws OptionError for an option that is unknown, missing or of the wrong kind
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  checkOptions('createRateLimiter', options, limiterOptionNames)
  const decider = createDecider(parseSettings(options))
  const rules = draftPolicies(options, options.name).map(ruleOf)
  return {
    consume: async (key, { cost = 1 } = {}) =>
      decider.decide({ key, cost: checkCost(cost), rules, take: true }),
    peek: async (key, { cost = 1 } = {}) =>
      decider.decide({ key, cost: checkCost(cost), rules, take: false }),
    reset: (key) => decider.forget(key, rules),
  }
}
