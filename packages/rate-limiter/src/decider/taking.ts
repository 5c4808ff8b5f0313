import type { Ask } from './ask.ts'
import type { Decision } from '../decision.ts'
import { createLeases } from './leases.ts'
import type { LimiterConfig } from '../options.ts'
import { createRefusals } from './refusals.ts'

/** How much a limiter keeps in this process, and what that saved. */
export interface LimiterStats {
  /** Keys whose refusal is remembered. */
  readonly rememberedRefusals: number
  /** Requests refused without asking the store. */
  readonly refusedFromMemory: number
  /** Keys with units taken ahead. */
  readonly leasedKeys: number
  /** Requests allowed by units that were taken ahead. */
  readonly allowedFromLease: number
}

/** Takes units, without asking the store where what it said before is enough. */
export interface Taking {
  take(ask: Ask): Promise<Decision>
  /** What is known of a key is true no more. @param lease false keeps the units that were taken ahead */
  forget(key: string, lease: boolean): void
  forgetAll(): void
  stats(): LimiterStats
}

/** @param askStore takes as many units as there are, from `least` to `most`, or none */
export function createTaking(
  config: LimiterConfig,
  askStore: (ask: Ask, least: number, most: number) => Promise<Decision>,
): Taking {
  // A store in this process is asked as fast as memory is.
  const { shared } = config.cache.store
  const leaseSize = shared ? config.lease : 1
  const refusals = createRefusals(shared ? config.rememberRefusals : 0)
  const leases = createLeases(leaseSize)
  const counts = { refusedFromMemory: 0, allowedFromLease: 0 }

  /** Without a shortcut. */
  const takeSome = async (ask: Ask, least: number): Promise<Decision> => {
    const { key, rules, cost, partial = false } = ask
    const { forgotten } = refusals
    const decision = await (partial || leaseSize === 1
      ? askStore(ask, least, cost)
      : leases.take(ask, (most) => askStore(ask, cost, most)))
    if (decision.source === 'lease') counts.allowedFromLease++
    if (!decision.allowed) refusals.note({ key, rules, cost: least }, decision, forgotten)
    return decision
  }
  return {
    take(ask) {
      const { key, rules, cost, partial = false } = ask
      const least = partial ? 1 : cost
      const refusal = refusals.recall(key, rules, least)
      if (refusal !== undefined) {
        counts.refusedFromMemory++
        return Promise.resolve(refusal)
      }
      const spent = partial ? undefined : leases.spend(ask)
      if (spent === undefined) return takeSome(ask, least)
      counts.allowedFromLease++
      return Promise.resolve(spent)
    },
    forget(key, lease) {
      refusals.forget(key)
      if (lease) leases.forget(key)
    },
    forgetAll() {
      refusals.forgetAll()
      leases.forgetAll()
    },
    stats: () => ({ ...counts, rememberedRefusals: refusals.size, leasedKeys: leases.size }),
  }
}
