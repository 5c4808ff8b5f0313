import { never, type Answer } from './algorithms/algorithm.ts'
import { algorithms } from './algorithms/index.ts'
import type { StatesReply } from './operations/policy-states.ts'
import type { Rule } from './policy.ts'

/**
 * Who decided: the `'store'`; this process, from what the store said before (`'memory'` of a refusal that still lasts,
 * `'lease'` of units taken ahead); a `'local'` limiter of this process, because the store failed; or nobody, because it
 * failed and requests pass, or because there is no limit (`'open'`).
 */
export type DecisionSource = 'store' | 'memory' | 'lease' | 'local' | 'open'

/** What one policy says of a request. */
export interface PolicyDecision {
  /** The policy's name; of a single limit that of the limiter, or `'default'`. */
  readonly name: string
  /** Units that a window admits. */
  readonly limit: number
  /** How long a window is, in ms. */
  readonly windowMs: number
  /** False when this policy stands in the way. The others may allow: nothing was taken from them either. */
  readonly allowed: boolean
  /** Whole units that are left, after this request. */
  readonly remaining: number
  /** Ms until this policy allows the same request: 0 when it does, `undefined` when the cost is above its limit. */
  readonly retryAfterMs: number | undefined
  /** Ms until one unit more than `remaining` is there; 0 when none is missing. */
  readonly refillAfterMs: number
  /** Ms until all units are there again, if nobody asks meanwhile. */
  readonly resetAfterMs: number
}

/**
 * What a rate limiter answers. `limit`, `remaining` and `resetAfterMs` are those of the policy that matters most: of a
 * refusal the one that lasts longest, else the one with the least left.
 */
export interface Decision {
  /** True when the request may go on: every policy allows it, and the key is not blocked. */
  readonly allowed: boolean
  /** Units that were taken: the cost when allowed, with `partial` as many as there were; else 0. */
  readonly granted: number
  /** In the order of the options. */
  readonly policies: readonly PolicyDecision[]
  /** Units that a window admits; `Infinity` without a limit. */
  readonly limit: number
  /** Whole units that are left, after this request. */
  readonly remaining: number
  /**
   * Ms until the same request passes, if nobody asks meanwhile: 0 when it is allowed, `undefined` when it never can,
   * because it costs more than a limit.
   */
  readonly retryAfterMs: number | undefined
  /** Ms until all units are there again, if nobody asks meanwhile. */
  readonly resetAfterMs: number
  /** Ms that `block()` still refuses the key; 0 when it does not. */
  readonly blockedForMs: number
  /** Who decided. Neither `'local'` nor `'open'` is the count of the whole fleet. */
  readonly source: DecisionSource
  /** When it was decided, by the store's clock, ms since 1970: a refund says by it which units it gives back. */
  readonly decidedAtMs: number
}

/**
 * The decision that the store's reply makes.
 *
 * @param least how many units had to fit
 */
export function decisionOf(
  rules: readonly Rule[],
  { states, granted, blockedMs, nowMs }: StatesReply,
  least: number,
  source: DecisionSource,
): Decision {
  const policies = rules.map((rule, at) => {
    const { algorithm, limit, windowMs, burst } = rule
    const { ask } = algorithms[algorithm]
    const question = { nowMs, limit, windowMs, burst, cost: 0 }
    const state = states[at] ?? null
    // What was granted fitted. Of a refusal each policy says for itself how long it lasts.
    const waitMs = granted > 0 ? 0 : ask(state, { ...question, cost: least }).waitMs
    return policyDecision(rule, ask(state, question), waitMs)
  })
  return summaryOf(policies, { granted, blockedForMs: blockedMs, source, decidedAtMs: nowMs })
}

/** The decision of nobody: the store failed and requests pass, or there is no limit. */
export function openDecision(rules: readonly Rule[], granted: number): Decision {
  const policies = rules.map((rule) =>
    policyDecision(rule, { remaining: rule.limit, refillMs: 0, resetMs: 0 }, 0),
  )
  return summaryOf(policies, {
    granted,
    blockedForMs: 0,
    source: 'open',
    decidedAtMs: Date.now(),
  })
}

function summaryOf(
  policies: readonly PolicyDecision[],
  about: Pick<Decision, 'granted' | 'blockedForMs' | 'source' | 'decidedAtMs'>,
): Decision {
  const { granted, blockedForMs, source, decidedAtMs } = about
  const { limit, remaining, retryAfterMs, resetAfterMs } = policies.reduce(weightier, unlimited)
  return {
    allowed: blockedForMs === 0 && policies.every(({ allowed }) => allowed),
    granted,
    policies,
    limit,
    remaining,
    retryAfterMs: retryAfterMs === undefined ? undefined : Math.max(retryAfterMs, blockedForMs),
    resetAfterMs: Math.max(resetAfterMs, blockedForMs),
    blockedForMs,
    source,
    decidedAtMs,
  }
}

/** Stands where there is no policy. */
const unlimited: PolicyDecision = {
  name: '',
  limit: Infinity,
  windowMs: 0,
  allowed: true,
  remaining: Infinity,
  retryAfterMs: 0,
  refillAfterMs: 0,
  resetAfterMs: 0,
}

function policyDecision(
  { name, limit, windowMs }: Rule,
  { remaining, refillMs, resetMs }: Pick<Answer, 'remaining' | 'refillMs' | 'resetMs'>,
  waitMs: number,
): PolicyDecision {
  return {
    name,
    limit,
    windowMs,
    allowed: waitMs === 0,
    remaining,
    retryAfterMs: waitMs === never ? undefined : waitMs,
    refillAfterMs: refillMs,
    resetAfterMs: resetMs,
  }
}

/** Of two policies the one that the whole decision shows: the longer refusal, then the less that is left. */
function weightier(a: PolicyDecision, b: PolicyDecision): PolicyDecision {
  if (waitOf(a) !== waitOf(b)) return waitOf(a) > waitOf(b) ? a : b
  if (a.remaining !== b.remaining) return a.remaining < b.remaining ? a : b
  return a.resetAfterMs >= b.resetAfterMs ? a : b
}

function waitOf({ retryAfterMs = Number.POSITIVE_INFINITY }: PolicyDecision): number {
  return retryAfterMs
}
