import { OptionError } from '@sluice/core'
import { algorithms } from '../algorithms/index.ts'
import type { Ask } from './ask.ts'
import type { Decision, PolicyDecision } from '../decision.ts'
import { setNewest } from './newest.ts'
import { sameRules, type Rule } from '../policy.ts'

/** Units that were taken ahead, by key. */
export interface Leases {
  /** Spends units of a lease; `undefined` where there are not enough. */
  spend(spending: Spending): Decision | undefined
  /** Takes a lease and spends of it. Callers at once wait for one lease. */
  take(spending: Spending, take: (most: number) => Promise<Decision>): Promise<Decision>
  forget(key: string): void
  forgetAll(): void
  readonly size: number
}

/** Whose units, under which rules, and how many. */
type Spending = Pick<Ask, 'key' | 'rules' | 'cost'>

/** What is left of a lease. */
interface Lease {
  readonly rules: readonly Rule[]
  readonly decision: Decision
  readonly sinceMs: number
  /** Units may be spent while they count as they would if they were taken now: until the end of the window. */
  readonly untilMs: number
  left: number
}

interface Flight {
  readonly cost: number
  readonly outcome: Promise<Decision>
}

/** Of how many keys units are held; the oldest give way, and their units are lost. */
const mostKeys = 10_000

/**
 * Takes `size` units at a time and spends them in this process.
 *
 * Why it never admits more: an algorithm with `holdMs` counts a unit the same wherever in its window it is spent, and what
 * fits at one moment of a window fits at every later one, since counts only fade within it. So a unit that is spent by then
 * might as well have been taken then. The end is reckoned from before the request was sent: it is never late.
 */
export function createLeases(size: number): Leases {
  const leases = new Map<string, Lease>()
  const flights = new Map<string, Flight>()
  let forgotten = 0

  const takeLease = async (
    { key, rules, cost }: Spending,
    take: (most: number) => Promise<Decision>,
  ): Promise<Decision> => {
    const sinceMs = performance.now()
    const asked = forgotten
    const decision = await take(Math.max(size, cost))
    if (decision.source !== 'store' || !decision.allowed) return decision
    const untilMs = sinceMs + holdMs(rules, decision)
    const lease = { rules, decision, sinceMs, untilMs, left: decision.granted - cost }
    // Units from before a reset or a block must not outlive it.
    if (asked === forgotten) setNewest(leases, key, lease, mostKeys)
    return spentDecision(lease, cost, sinceMs)
  }

  return {
    spend: (spending) => spendHeld(leases, spending),
    async take(spending, take) {
      const { key, cost } = spending
      for (;;) {
        const spent = spendHeld(leases, spending)
        if (spent !== undefined) return spent
        const flight = flights.get(key)
        if (flight === undefined) {
          const outcome = takeLease(spending, take).finally(() => flights.delete(key))
          flights.set(key, { cost, outcome })
          return outcome
        }
        const decision = await flight.outcome
        // What is refused to one is refused to all that want as much.
        if (!decision.allowed && cost >= flight.cost) return decision
        // The store is away: nothing was taken ahead.
        if (decision.source !== 'lease') return take(cost)
      }
    },
    forget(key) {
      forgotten++
      leases.delete(key)
    },
    forgetAll() {
      forgotten++
      leases.clear()
    },
    get size() {
      return leases.size
    },
  }
}

function spendHeld(
  leases: Map<string, Lease>,
  { key, rules, cost }: Spending,
): Decision | undefined {
  const lease = leases.get(key)
  if (lease === undefined || lease.left < cost || !sameRules(lease.rules, rules)) return undefined
  const nowMs = performance.now()
  if (nowMs >= lease.untilMs) return undefined
  lease.left -= cost
  return spentDecision(lease, cost, nowMs)
}

/** @throws OptionError where units that are taken ahead and spent later would let more pass */
export function checkLease(size: number, rules: readonly Pick<Rule, 'algorithm'>[]): void {
  const unfit = rules.find(({ algorithm }) => algorithms[algorithm].holdMs === undefined)
  if (size === 1 || unfit === undefined) return
  throw new OptionError(
    `"lease" cannot go with algorithm: '${unfit.algorithm}', which counts by the moment: units that are spent later would ` +
      "let more pass than the limit. Use 'sliding-window' or 'fixed-window'.",
  )
}

function holdMs(rules: readonly Rule[], { policies }: Decision): number {
  const holds = rules.map(({ algorithm, windowMs }, at) => {
    const resetMs = policies[at]?.resetAfterMs ?? 0
    return algorithms[algorithm].holdMs?.({ resetMs }, windowMs) ?? 0
  })
  return Math.min(...holds)
}

/**
 * What the store said, as it stands now: what is left of the lease is left of each policy too. Written out: spreading the
 * decision and its policies would take most of the time that a lease saves.
 */
function spentDecision(
  { decision, sinceMs, left }: Lease,
  granted: number,
  nowMs: number,
): Decision {
  const elapsedMs = Math.floor(nowMs - sinceMs)
  const policies: PolicyDecision[] = []
  for (const policy of decision.policies) policies.push(spentPolicy(policy, left, elapsedMs))
  return {
    allowed: true,
    granted,
    policies,
    limit: decision.limit,
    remaining: decision.remaining + left,
    retryAfterMs: 0,
    resetAfterMs: Math.max(0, decision.resetAfterMs - elapsedMs),
    blockedForMs: 0,
    source: 'lease',
    decidedAtMs: decision.decidedAtMs,
  }
}

function spentPolicy(policy: PolicyDecision, left: number, elapsedMs: number): PolicyDecision {
  return {
    name: policy.name,
    limit: policy.limit,
    windowMs: policy.windowMs,
    allowed: true,
    remaining: policy.remaining + left,
    retryAfterMs: 0,
    refillAfterMs: Math.max(0, policy.refillAfterMs - elapsedMs),
    resetAfterMs: Math.max(0, policy.resetAfterMs - elapsedMs),
  }
}
