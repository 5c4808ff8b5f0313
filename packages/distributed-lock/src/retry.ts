import type { Duration } from '@sluice/core'
import { checkOptions, durationOption, integerOption, wrongOption } from '@sluice/core/extend'

/** How often a waiter asks again: exponential backoff. It never sleeps past the end of the holder's lease or of `wait`. */
export interface RetryOptions {
  /** How often to ask in all, the first time included. Default: until `wait` is over. */
  readonly attempts?: number | undefined
  /** Pause after the first attempt. Default `'100ms'`. */
  readonly delay?: Duration | undefined
  /** What each further pause is multiplied by: 1 or more. Default 2. */
  readonly factor?: number | undefined
  /** The longest pause. Default `'1s'`. */
  readonly max?: Duration | undefined
  /** The part of a pause that is random, 0 to 1, so that waiters do not ask in step. Default 0.5. */
  readonly jitter?: number | undefined
}

/** Backoff, parsed. */
export interface RetryPlan {
  readonly attempts: number
  readonly delayMs: number
  readonly factor: number
  readonly maxMs: number
  readonly jitter: number
}

/** @throws OptionError for an option that is unknown or of the wrong kind */
export function parseRetry(options: RetryOptions = {}): RetryPlan {
  checkOptions('retry', options, ['attempts', 'delay', 'factor', 'max', 'jitter'])
  const { attempts, delay, factor = 2, max, jitter = 0.5 } = options
  if (!Number.isFinite(factor) || factor < 1) {
    throw wrongOption('retry.factor', 'a number of at least 1', factor)
  }
  if (typeof jitter !== 'number' || !(jitter >= 0 && jitter <= 1)) {
    throw wrongOption('retry.jitter', 'a number from 0 to 1', jitter)
  }
  return {
    attempts:
      attempts === undefined
        ? Number.POSITIVE_INFINITY
        : integerOption(attempts, 'retry.attempts', 1),
    delayMs: durationOption(delay, 'retry.delay', '100ms'),
    factor,
    maxMs: durationOption(max, 'retry.max', '1s'),
    jitter,
  }
}

/**
 * The pause after an attempt that found the lock busy.
 *
 * @param attempt counted from 1
 * @param random 0 to 1: how much of the jitter is taken off
 */
export function pauseMs(plan: RetryPlan, attempt: number, random: number): number {
  const whole = Math.min(plan.maxMs, plan.delayMs * plan.factor ** (attempt - 1))
  return whole * (1 - plan.jitter * random)
}
