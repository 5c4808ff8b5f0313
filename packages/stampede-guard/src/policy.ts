import type { Duration } from '@sluice/core'
import {
  booleanOption,
  checkOptions,
  choiceOption,
  durationMs,
  durationOption,
  wrongOption,
} from '@sluice/core/extend'

/** How values are kept and loaded: as options of a guard for all, as options of a call for one. */
export interface EntryOptions {
  /** How long a loaded value is fresh. */
  readonly ttl?: Duration | undefined
  /**
   * How long after its ttl a value is still served at once, while it is refreshed in the background. Default: not at all.
   */
  readonly staleWhileRevalidate?: Duration | undefined
  /** How long after its ttl a value is served when loading fails or takes longer than `softTimeout`. Default: not at all. */
  readonly staleIfError?: Duration | undefined
  /** After this, callers get the stale value if `staleIfError` allows it; the load goes on. Default: they wait. */
  readonly softTimeout?: Duration | undefined
  /** After this, callers get a `LoadTimeoutError`; the load goes on, and who comes then joins it. Default: they wait. */
  readonly timeout?: Duration | undefined
  /** The ttl of `null`. Default: `ttl`. */
  readonly negativeTtl?: Duration | undefined
  /** The part of the ttl that is taken off by chance, 0 to 1, so that what was loaded together does not expire together. Default 0. */
  readonly jitter?: number | undefined
  /**
   * When a fresh value is refreshed in the background: `'xfetch'` by its measured load time and chance, a number between 0
   * and 1 after that part of its ttl, `false` never. Default `'xfetch'`.
   */
  readonly early?: 'xfetch' | number | false | undefined
  /**
   * How early XFetch refreshes, as a multiple of the load time: above 1 earlier, below 1 later. Default 1, which its authors
   * show to be right for nearly everybody.
   */
  readonly beta?: number | undefined
  /** Names by which values are invalidated together, see `invalidateTags`. */
  readonly tags?: readonly string[] | undefined
  /**
   * `'fleet'`: one load at a time in all processes that share the store; the others wait for what it brings. `'process'`: each
   * process loads for itself. Default `'fleet'`.
   */
  readonly scope?: 'fleet' | 'process' | undefined
  /** How long after a failure a stale value is served without trying again. Default `'1s'`. */
  readonly retryAfter?: Duration | undefined
  /**
   * How long a process that dies while it loads keeps others from loading; renewed while it lives. Default: twice the time
   * that loading takes, `'2s'` at least.
   */
  readonly lease?: Duration | undefined
  /** Aborts the signal of a load once nobody waits for it any more. Default false: it goes on, and what it brings is kept. */
  readonly abortUnwanted?: boolean | undefined
}

/** Entry options, parsed once. */
export interface Policy {
  readonly ttlMs: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  readonly softTimeoutMs: number | undefined
  readonly timeoutMs: number | undefined
  readonly negativeTtlMs: number | undefined
  readonly jitter: number
  readonly early: 'xfetch' | number | false
  readonly beta: number
  readonly tags: readonly string[]
  readonly scope: 'fleet' | 'process'
  readonly retryAfterMs: number
  readonly leaseMs: number | undefined
  readonly abortUnwanted: boolean
}

/** The names of entry options. */
export const entryOptionNames = [
  'ttl',
  'staleWhileRevalidate',
  'staleIfError',
  'softTimeout',
  'timeout',
  'negativeTtl',
  'jitter',
  'early',
  'beta',
  'tags',
  'scope',
  'retryAfter',
  'lease',
  'abortUnwanted',
] as const

const defaults: Omit<Policy, 'ttlMs'> = {
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  softTimeoutMs: undefined,
  timeoutMs: undefined,
  negativeTtlMs: undefined,
  jitter: 0,
  early: 'xfetch',
  beta: 1,
  tags: [],
  scope: 'fleet',
  retryAfterMs: 1000,
  leaseMs: undefined,
  abortUnwanted: false,
}

/** The policy of a guard. @throws OptionError for a wrong option */
export function createPolicy(options: EntryOptions): Policy {
  return policyWith({ ...defaults, ttlMs: durationMs(options.ttl, 'ttl') }, options)
}

/**
 * The policy of one call: that of the guard, except where the call says otherwise.
 *
 * @param extra names of options that the owner knows besides
 * @throws OptionError for an option that is unknown or wrong
 */
export function policyOf(
  owner: string,
  base: Policy,
  options: EntryOptions | undefined,
  extra: readonly string[] = [],
): Policy {
  if (options === undefined) return base
  checkOptions(owner, options, [...entryOptionNames, ...extra])
  return policyWith(base, options)
}

/** How long an entry is kept that is fresh for `ttlMs`: both windows begin when it ends. */
export function keptMs({ staleWhileRevalidateMs, staleIfErrorMs }: Policy, ttlMs: number): number {
  return ttlMs + Math.max(staleWhileRevalidateMs, staleIfErrorMs)
}

function policyWith(base: Policy, given: EntryOptions): Policy {
  return {
    ttlMs: durationOption(given.ttl, 'ttl', base.ttlMs),
    staleWhileRevalidateMs: span(given, 'staleWhileRevalidate', base.staleWhileRevalidateMs),
    staleIfErrorMs: span(given, 'staleIfError', base.staleIfErrorMs),
    softTimeoutMs: span(given, 'softTimeout', base.softTimeoutMs),
    timeoutMs: span(given, 'timeout', base.timeoutMs),
    negativeTtlMs: span(given, 'negativeTtl', base.negativeTtlMs),
    jitter: given.jitter === undefined ? base.jitter : checkJitter(given.jitter),
    early: given.early === undefined ? base.early : checkEarly(given.early),
    beta: given.beta === undefined ? base.beta : checkBeta(given.beta),
    tags: given.tags === undefined ? base.tags : checkTags(given.tags),
    scope: choiceOption(given.scope, 'scope', ['fleet', 'process'], base.scope),
    retryAfterMs: span(given, 'retryAfter', base.retryAfterMs),
    leaseMs: span(given, 'lease', base.leaseMs),
    abortUnwanted: booleanOption(given.abortUnwanted, 'abortUnwanted', base.abortUnwanted),
  }
}

function span<Fallback extends number | undefined>(
  given: EntryOptions,
  name: keyof EntryOptions,
  fallback: Fallback,
): number | Fallback {
  const value = given[name]
  return value === undefined ? fallback : durationMs(value, name)
}

function checkJitter(given: unknown): number {
  if (typeof given === 'number' && given >= 0 && given <= 1) return given
  throw wrongOption('jitter', 'a number from 0 to 1', given)
}

function checkBeta(given: unknown): number {
  if (typeof given === 'number' && Number.isFinite(given) && given > 0) return given
  throw wrongOption('beta', 'a finite number above 0', given)
}

function checkEarly(given: unknown): Policy['early'] {
  if (given === false || given === 'xfetch') return given
  if (typeof given === 'number' && given > 0 && given < 1) return given
  throw wrongOption('early', "'xfetch', a number between 0 and 1, or false", given)
}

/** Tags, each once. @throws OptionError for what is no list of text */
export function checkTags(given: unknown): readonly string[] {
  if (
    Array.isArray(given) &&
    given.length <= mostTags &&
    given.every((tag) => typeof tag === 'string' && tag !== '' && Buffer.byteLength(tag) <= 1024)
  ) {
    return [...new Set<string>(given)]
  }
  throw wrongOption('tags', `a list of up to ${mostTags} texts of 1 to 1024 bytes`, given)
}

const mostTags = 100
