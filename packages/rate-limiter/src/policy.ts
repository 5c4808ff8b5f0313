import { OptionError, type Duration } from '@sluice/core'
import { durationMs, wrongOption } from '@sluice/core/extend'
import { algorithms, type AlgorithmName } from './algorithms/index.ts'

/** One limit of several, under a name of its own. */
export interface Policy<Limit = number, Window = Duration> {
  /** What headers and decisions call it: a letter, then up to 63 letters, digits, '.', '_' or '-'. */
  readonly name: string
  /** How many units a window admits: a whole number of at least 1. */
  readonly limit: Limit
  /** How long a window is, at most 100 years. */
  readonly window: Window
}

/** One limit, in short. */
export interface OneLimit<Limit = number, Window = Duration> {
  /** How many units a window admits: a whole number of at least 1. */
  readonly limit: Limit
  /** How long a window is: `'1m'`, or milliseconds. At most 100 years. */
  readonly window: Window
  readonly policies?: undefined
}

/** Several limits on the same requests: all of them allow a request, or nothing is taken from any. */
export interface SeveralLimits<Limit = number, Window = Duration> {
  /** In one round trip whatever their number; names differ. */
  readonly policies: readonly Policy<Limit, Window>[]
  readonly limit?: undefined
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
  /** The end of its state's key: another name, algorithm or window is another state. */
  readonly slot: string
}

/** A policy whose numbers may come with the request. */
export interface PolicyDraft<Limit, Window> extends Policy<Limit, Window> {
  /** What keeps its counts apart from those of other limiters. */
  readonly owner: string
}

const nameForm = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/

/** Twice this is still exact, and so is any time of day plus it. */
const longestWindowMs = 100 * 365.25 * 24 * 60 * 60 * 1000

/**
 * The policies that options describe.
 *
 * @param name what the limiter is called; without one its counts are kept under its limits
 * @throws OptionError when they are contradictory or badly named
 */
export function draftPolicies<Limit, Window>(
  options: Limits<Limit, Window>,
  name: unknown,
): readonly PolicyDraft<Limit, Window>[] {
  const named = name === undefined ? undefined : checkName(name, 'name')
  if (options.policies === undefined) {
    const { limit, window } = options
    return [{ name: named ?? 'default', limit, window, owner: named ?? limitText(limit) }]
  }
  if (options.limit !== undefined || options.window !== undefined) {
    throw new OptionError('Give either "limit" and "window", or "policies", not both.')
  }
  return checkPolicies(options.policies).map((policy) => ({
    name: policy.name,
    limit: policy.limit,
    window: policy.window,
    owner: `${named ?? limitText(policy.limit)}/${policy.name}`,
  }))
}

/** @throws OptionError when the numbers are none, or too large to be counted exactly */
export function ruleOf(draft: PolicyDraft<unknown, unknown>): Rule {
  const { name, owner } = draft
  const limit = checkLimit(draft.limit)
  const windowMs = durationMs(draft.window, 'window')
  if (windowMs > longestWindowMs) throw wrongOption('window', 'at most 100 years', draft.window)
  if (!Number.isSafeInteger(limit * windowMs)) {
    throw new OptionError(
      `Expected "limit" times "window" in ms to be below 2^53, so that it is counted exactly; got ${limit} times ` +
        `${windowMs}. Use a shorter window, or count in larger units.`,
    )
  }
  const algorithm = 'sliding-window'
  return {
    name,
    algorithm,
    limit,
    windowMs,
    slot: `${owner}/${algorithms[algorithm].code}${windowMs}`,
  }
}

function checkLimit(limit: unknown): number {
  if (typeof limit === 'number' && Number.isSafeInteger(limit) && limit >= 1) return limit
  throw wrongOption(
    'limit',
    'a whole number of at least 1 (to let requests pass, use "skip")',
    limit,
  )
}

/** Names stand in structured header fields and in keys: nothing that either would have to escape. */
function checkName(name: unknown, option: string): string {
  if (typeof name === 'string' && nameForm.test(name)) return name
  throw wrongOption(option, "a letter, then up to 63 letters, digits, '.', '_' or '-'", name)
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
  const names = policies.map(({ name }, at) => checkName(name, `policies[${at}].name`))
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined)
    throw new OptionError(`Two policies are called "${twice}". Give each its own name.`)
  return policies
}

/** No name begins with a digit or a '*'. */
function limitText(limit: unknown): string {
  return typeof limit === 'number' ? String(limit) : '*'
}
