import type { Duration } from '@sluice/core'
import { checkOptions, durationMs, durationOption, integerOption } from '@sluice/core/extend'
import { createDecider } from './decider/decider.ts'
import type { Decision } from './decision.ts'
import { checkLease } from './decider/leases.ts'
import { checkCost, limiterOptionNames, parseSettings, type LimiterSettings } from './options.ts'
import { draftPolicies, ruleOf, type Counting, type Limits } from './policy.ts'
import type { LimiterStats } from './decider/taking.ts'
import { createWaiting } from './waiting.ts'

/** Options of `createRateLimiter`. */
export type RateLimiterOptions = LimiterSettings &
  Counting &
  Limits & {
    /** How many callers may `wait` for one key in this process. Default 1000. */
    readonly maxWaiting?: number | undefined
  }

/** How many units a call is about. */
export interface CostOptions {
  /** A whole number of 0 or more. Default 1. */
  readonly cost?: number | undefined
}

/** How one `consume` differs. */
export interface ConsumeOptions extends CostOptions {
  /** True takes as many units as there are, from 1 to `cost`: `decision.granted` says how many. Default false. */
  readonly partial?: boolean | undefined
}

/** How one `refund` differs. */
export interface RefundOptions extends CostOptions {
  /**
   * The decision that is taken back: its units are given back as far as they still count, and no more than it took. Without
   * it the newest units of the key are given back.
   */
  readonly of?: Decision | undefined
}

/** How one `wait` differs. */
export interface WaitOptions extends CostOptions {
  /** How long at the most; a refusal that lasts longer is answered at once. Default 30 s. */
  readonly maxWait?: Duration | undefined
  /** Ends the wait: it rejects with the signal's reason, and takes nothing. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Counts what each key takes and says when it was too much. A refusal is a value, not an error. Every method rejects with
 * `KeyError` for a key that is empty, not text, or above 1024 bytes, and with `StoreUnavailableError` when the store fails
 * and `onStoreError` is `'closed'`.
 */
export interface RateLimiter {
  /** Takes units if every policy has them left, otherwise nothing: one atomic step and one round trip at the most. */
  consume(key: string, options?: ConsumeOptions): Promise<Decision>
  /** What `consume` would answer now; takes and writes nothing, so `remaining` is what is there before. */
  peek(key: string, options?: CostOptions): Promise<Decision>
  /** Gives units back, never more than were taken. What no longer counts, or never did, changes nothing. */
  refund(key: string, options?: RefundOptions): Promise<Decision>
  /** Takes units without asking, until none is left. For a longer punishment there is `block`. */
  penalize(key: string, options?: CostOptions): Promise<Decision>
  /** Refuses the key for some time, whatever is left; 0 lifts the block. Limiters of one name share their blocks. */
  block(key: string, duration: Duration): Promise<Decision>
  /**
   * Takes units as soon as they are there: first come, first served among the callers of this process. Resolves with the
   * refusal when that would last longer than `maxWait`.
   *
   * @throws QueueFullError when `maxWaiting` callers wait for the key already
   */
  wait(key: string, options?: WaitOptions): Promise<Decision>
  /** Forgets what the key has taken, and its block. @throws StoreUnavailableError when the store failed, by any policy */
  reset(key: string): Promise<void>
  /**
   * Forgets all keys of this limiter that begin so: `'user:'`. Scans the keys of the store.
   *
   * @throws StoreUnavailableError when the store failed, by any policy
   */
  resetMatching(beginning: string): Promise<void>
  /** What this limiter keeps in this process. Asks no store. */
  stats(): LimiterStats
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
  checkOptions('createRateLimiter', options, [...limiterOptionNames, 'maxWaiting'])
  const config = parseSettings(options)
  const rules = draftPolicies(options, options.name).flatMap((draft) => ruleOf(draft) ?? [])
  checkLease(config.lease, rules)
  const decider = createDecider(config)
  const waiting = createWaiting(integerOption(options.maxWaiting, 'maxWaiting', 1000))
  const subject = (key: string, cost = 1) => ({ key, rules, cost: checkCost(cost) })
  // Written out and without an async frame: it is most of what a remembered refusal costs.
  const ask = (
    key: string,
    cost: number | undefined,
    take: boolean,
    partial: boolean,
  ): Promise<Decision> => {
    try {
      const units = cost === undefined ? 1 : checkCost(cost)
      return decider.decide({ key, rules, cost: units, take, partial })
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  const limiter: RateLimiter = {
    consume: (key, options) => ask(key, options?.cost, true, options?.partial ?? false),
    peek: (key, options) => ask(key, options?.cost, false, false),
    refund: async (key, { cost, of } = {}) =>
      decider.change({ ...subject(key, cost ?? of?.granted), verb: 'refund', of }),
    penalize: async (key, { cost } = {}) =>
      decider.change({ ...subject(key, cost), verb: 'penalize' }),
    block: async (key, duration) => {
      const blockMs = duration === 0 ? 0 : durationMs(duration, 'duration')
      return decider.change({ ...subject(key, 0), verb: 'block', blockMs })
    },
    wait: async (key, { cost, maxWait, signal } = {}) =>
      waiting.wait({
        key,
        maxWaitMs: durationOption(maxWait, 'maxWait', '30s'),
        signal,
        take: () => limiter.consume(key, { cost }),
        look: () => limiter.peek(key, { cost }),
      }),
    reset: async (key) => decider.forget(key, rules),
    resetMatching: async (beginning) => decider.forgetMatching(beginning, rules),
    stats: decider.stats,
  }
  return limiter
}
