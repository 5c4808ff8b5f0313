import type { Decision } from '../decision.ts'
import { setNewest } from './newest.ts'
import { sameRules, type Rule } from '../policy.ts'

/** Refusals that still last: the same question is refused in this process, without asking the store. */
export interface Refusals {
  /** The refusal as it stands now; `undefined` where the store has to be asked. */
  recall(key: string, rules: readonly Rule[], cost: number): Decision | undefined
  /** How often something was forgotten. */
  readonly forgotten: number
  /**
   * Remembers the answer of the store, if that is a refusal that lasts and nothing was forgotten since.
   *
   * @param forgotten as it was before the store was asked
   */
  note(asked: Question, decision: Decision, forgotten: number): void
  forget(key: string): void
  forgetAll(): void
  readonly size: number
}

/** A `reset`, a refund or a lifted block by another process is seen after this time. */
const longestMs = 5000

/** What the store was asked. */
interface Question {
  readonly key: string
  readonly rules: readonly Rule[]
  readonly cost: number
}

interface Refusal {
  readonly rules: readonly Rule[]
  readonly cost: number
  readonly decision: Decision
  readonly sinceMs: number
  readonly untilMs: number
  /** How many ms later `shown` is. Most calls of an attack come within one. */
  shownMs: number
  shown: Decision
}

/**
 * Remembers refusals by the monotonic clock, the newest `most` of them. Nothing is swept: what is over gives way to what
 * comes.
 */
export function createRefusals(most: number): Refusals {
  const refusals = new Map<string, Refusal>()
  let forgotten = 0
  return {
    recall(key, rules, cost) {
      const refusal = refusals.get(key)
      if (refusal === undefined || cost < refusal.cost) return undefined
      if (!sameRules(refusal.rules, rules)) return undefined
      const nowMs = performance.now()
      return nowMs < refusal.untilMs ? shownAt(refusal, nowMs) : undefined
    },
    get forgotten() {
      return forgotten
    },
    note({ key, rules, cost }, decision, before) {
      if (most > 0 && before === forgotten && lasts(decision)) {
        setNewest(refusals, key, refusalOf(rules, cost, decision), most)
      }
    },
    forget(key) {
      forgotten++
      refusals.delete(key)
    },
    forgetAll() {
      forgotten++
      refusals.clear()
    },
    get size() {
      return refusals.size
    },
  }
}

function lasts({ allowed, source, retryAfterMs }: Decision): boolean {
  return !allowed && source === 'store' && retryAfterMs !== undefined
}

function refusalOf(rules: readonly Rule[], cost: number, decision: Decision): Refusal {
  const sinceMs = performance.now()
  const untilMs = sinceMs + Math.min(decision.retryAfterMs ?? 0, longestMs)
  return { rules, cost, decision, sinceMs, untilMs, shownMs: 0, shown: later(decision, 0) }
}

function shownAt(refusal: Refusal, nowMs: number): Decision {
  const elapsedMs = Math.floor(nowMs - refusal.sinceMs)
  if (elapsedMs !== refusal.shownMs) {
    refusal.shown = later(refusal.decision, elapsedMs)
    refusal.shownMs = elapsedMs
  }
  return refusal.shown
}

/** What a refusal has become some ms later. */
function later(decision: Decision, ms: number): Decision {
  const { policies, retryAfterMs, resetAfterMs, blockedForMs, decidedAtMs } = decision
  const left = (duration: number): number => Math.max(0, duration - ms)
  return {
    ...decision,
    policies: policies.map((policy) => ({
      ...policy,
      retryAfterMs: policy.retryAfterMs && left(policy.retryAfterMs),
      refillAfterMs: left(policy.refillAfterMs),
      resetAfterMs: left(policy.resetAfterMs),
    })),
    retryAfterMs: retryAfterMs && left(retryAfterMs),
    resetAfterMs: left(resetAfterMs),
    blockedForMs: left(blockedForMs),
    source: 'memory',
    decidedAtMs: decidedAtMs + ms,
  }
}
