import { OptionError, type Duration } from '@sluice/core'
import { choiceOption, durationMs, integerOption, wrongOption } from '@sluice/core/extend'
import { algorithms, type AlgorithmName } from './algorithms/index.ts'
import { bucketFits } from './algorithms/token-bucket.ts'

/** How units are counted. */
export interface Counting {
  /**
   * `'sliding-window'`: two counts a key, less than twice the limit in any window, no burst at an edge. `'fixed-window'`:
   * one count from the first unit on, up to twice the limit across an edge. `'sliding-log'`: exact, with a memory of every
   * unit; limits up to 1000. `'token-bucket'`: refills evenly, and lets a `burst` through at once. Default
   * `'sliding-window'`.
   */
  readonly algorithm?: AlgorithmName | undefined
  /** With `'token-bucket'`: how many units may pass at one moment. Default: the limit. */
  readonly burst?: number | undefined
}

/** One limit of several, under a name of its own. */
export interface Policy<Limit = number, Window = Duration> extends Counting {
  /** What headers and decisions call it: 1 to 64 printable ASCII characters. */
  readonly name: string
  /** How many units a window admits: a whole number of at least 1, or `Infinity` for no limit. */
  readonly limit: Limit
  /** How long a window is, at most 100 years. */
  readonly window: Window
}

/** One limit, in short. */
export interface OneLimit<Limit = number, Window = Duration> {
  /** How many units a window admits: a whole number of at least 1, or `Infinity` for no limit. */
  readonly limit: Limit
  /** How long a window is: `'1m'`, or milliseconds. At most 100 years. */
  readonly window: Window
  /** Not beside `limit` and `window`. */
  readonly policies?: undefined
}

/** Several limits on the same requests: all of them allow a request, or nothing is taken from any. */
export interface SeveralLimits<Limit = number, Window = Duration> {
  /** In one round trip whatever their number; names differ. */
  readonly policies: readonly Policy<Limit, Window>[]
  /** Not beside `policies`, which have their own. */
  readonly limit?: undefined
  /** Not beside `policies`, which have their own. */
  readonly window?: undefined
}

/** One limit or several. */
export type Limits<Limit = number, Window = Duration> =
  OneLimit<Limit, Window> | SeveralLimits<Limit, Window>

/** A policy with its numbers, checked. */
export interface Rule {
  readonly name: string
  readonly algorithm: AlgorithmName
  readonly limit: number
  readonly windowMs: number
  readonly burst: number
  /** The end of its state's key: another name, algorithm or window is another state. */
  readonly slot: string
  /** What operations are given: `'<limit> <window in ms> <burst>'`. */
  readonly numbers: string
}

/** True when two lists of rules count the same. Those without functions are one list, request after request. */
export function sameRules(a: readonly Rule[], b: readonly Rule[]): boolean {
  if (a === b) return true
  return a.length === b.length && a.every((rule, at) => sameRule(rule, b[at]))
}

function sameRule(a: Rule, b: Rule | undefined): boolean {
  return a.slot === b?.slot && a.limit === b.limit && a.burst === b.burst
}

/** A policy whose numbers may come with the request. */
export interface PolicyDraft<Limit, Window> extends Policy<Limit, Window> {
  readonly algorithm: AlgorithmName
  /** What keeps its counts apart from those of other limiters. */
  readonly owner: string
}

const algorithmNames = ['sliding-window', 'fixed-window', 'sliding-log', 'token-bucket'] as const

const limiterNameForm = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/
/** What a structured field can hold as a string (RFC 9651, 3.3.3). */
const policyNameForm = /^[\x20-\x7e]{1,64}$/

/** Twice this is still exact, and so is any time of day plus it. */
const longestWindowMs = 100 * 365.25 * 24 * 60 * 60 * 1000

/**
 * The policies that options describe.
 *
 * @param name what the limiter is called; without one its counts are kept under its limits
 * @throws OptionError when they are contradictory or badly named
 */
export function draftPolicies<Limit, Window>(
  options: Limits<Limit, Window> & Counting,
  name: unknown,
): readonly PolicyDraft<Limit, Window>[] {
  const named = name === undefined ? undefined : checkLimiterName(name)
  const common = parseCounting(options, {})
  if (options.policies === undefined) {
    const { limit, window } = options
    return [
      { name: named ?? 'default', limit, window, ...common, owner: named ?? limitText(limit) },
    ]
  }
  if (options.limit !== undefined || options.window !== undefined) {
    throw new OptionError('Give either "limit" and "window", or "policies", not both.')
  }
  return checkPolicies(options.policies).map((policy) => ({
    name: policy.name,
    limit: policy.limit,
    window: policy.window,
    ...parseCounting(policy, common),
    owner: `${named ?? limitText(policy.limit)}/${encodeURIComponent(policy.name)}`,
  }))
}

type Parsed = Pick<PolicyDraft<unknown, unknown>, 'algorithm' | 'burst'>

function parseCounting(given: Counting, common: Counting): Parsed {
  const fallback = common.algorithm ?? 'sliding-window'
  const algorithm = choiceOption(given.algorithm, 'algorithm', algorithmNames, fallback)
  const burst = given.burst ?? (algorithm === fallback ? common.burst : undefined)
  if (burst === undefined) return { algorithm }
  if (algorithm !== 'token-bucket') {
    throw new OptionError('"burst" goes with algorithm: \'token-bucket\' alone.')
  }
  return { algorithm, burst: integerOption(burst, 'burst', 1) }
}

/**
 * @returns `undefined` where there is no limit
 * @throws OptionError when the numbers are none, or too large to be counted exactly
 */
export function ruleOf(draft: PolicyDraft<unknown, unknown>): Rule | undefined {
  if (draft.limit === Infinity) return undefined
  const { name, owner, algorithm } = draft
  const limit = checkLimit(draft.limit)
  const windowMs = durationMs(draft.window, 'window')
  const burst = draft.burst ?? limit
  if (windowMs > longestWindowMs) throw wrongOption('window', 'at most 100 years', draft.window)
  checkCountable(algorithm, limit, windowMs, burst)
  const slot = `${owner}/${algorithms[algorithm].code}${windowMs}`
  const numbers = `${limit} ${windowMs} ${burst}`
  return { name, algorithm, limit, windowMs, burst, slot, numbers }
}

function checkCountable(
  algorithm: AlgorithmName,
  limit: number,
  windowMs: number,
  burst: number,
): void {
  const { mostUnits = Infinity } = algorithms[algorithm]
  if (limit > mostUnits) {
    throw wrongOption('limit', `at most ${mostUnits} with algorithm: '${algorithm}'`, limit)
  }
  const fits = Number.isSafeInteger(limit * windowMs)
  if (fits && (algorithm !== 'token-bucket' || bucketFits(limit, windowMs, burst))) return
  throw new OptionError(
    `Expected "limit" (and "burst") with "window" in ms to be small enough to be counted exactly; got ${limit} ` +
      `(${burst}) in ${windowMs} ms. Use a shorter window, or count in larger units.`,
  )
}

function checkLimit(limit: unknown): number {
  if (typeof limit === 'number' && Number.isSafeInteger(limit) && limit >= 1) return limit
  throw wrongOption('limit', 'a whole number of at least 1, or Infinity for no limit', limit)
}

/** @throws OptionError for what is no name of a limiter */
export function checkLimiterName(name: unknown): string {
  if (typeof name === 'string' && limiterNameForm.test(name)) return name
  throw wrongOption('name', "a letter, then up to 63 letters, digits, '.', '_' or '-'", name)
}

function checkPolicyName(name: unknown, option: string): string {
  if (typeof name === 'string' && policyNameForm.test(name)) return name
  throw wrongOption(option, '1 to 64 printable ASCII characters', name)
}

function checkPolicies<Given extends Policy<unknown, unknown>>(
  policies: readonly Given[],
): readonly Given[] {
  if (!Array.isArray(policies) || policies.length === 0) {
    throw wrongOption(
      'policies',
      "a list such as [{ name: 'burst', limit: 10, window: '1s' }]",
      policies,
    )
  }
  const names = policies.map(({ name }, at) => checkPolicyName(name, `policies[${at}].name`))
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined)
    throw new OptionError(`Two policies are called "${twice}". Give each its own name.`)
  return policies
}

/** No name begins with a digit or a '*'. */
function limitText(limit: unknown): string {
  return typeof limit === 'number' ? String(limit) : '*'
}
