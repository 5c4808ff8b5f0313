import { StoreFullError, type Store } from '@sluice/core'
import { failureReporter, standInStore } from '@sluice/core/extend'
import { decisionOf, openDecision, type Decision } from '../decision.ts'
import { isStoreFailure } from '../errors.ts'
import type { StatesReply } from '../operations/policy-states.ts'
import type { LimiterConfig } from '../options.ts'
import type { Rule } from '../policy.ts'

/** A question for whichever store answers. */
export interface StoreQuestion {
  /** For reports: `'consume'`. */
  readonly verb: string
  readonly rules: readonly Rule[]
  /** How many units had to fit. */
  readonly least: number
  /** Units that pass where nobody counts. */
  readonly wanted: number
  send(store: Store): Promise<StatesReply>
}

/** Asks the store and, when it fails, does what the policy says. */
export interface Failover {
  /** @throws what is wrong with the question; the store's error when it failed and the policy is `'closed'` */
  ask(question: StoreQuestion): Promise<Decision>
  /** Asks the stand-in of this process alone. */
  askLocal(question: StoreQuestion): Promise<Decision>
  /** The stand-in, once there is one. */
  local(): Store | undefined
}

const reportFailure = failureReporter('rate-limiter')

/** Makes no stand-in before the store has failed. */
export function createFailover({ cache, onStoreError, maxLocalKeys }: LimiterConfig): Failover {
  let standIn: Store | undefined

  /** The same rules on counts of this process, under the keys that they have in the store. */
  async function askLocal({ rules, least, wanted, send }: StoreQuestion): Promise<Decision> {
    standIn ??= standInStore(maxLocalKeys)
    try {
      return decisionOf(rules, await send(standIn), least, 'local')
    } catch (error) {
      if (error instanceof StoreFullError) return openDecision(rules, wanted)
      throw error
    }
  }

  return {
    async ask(question) {
      const { verb, rules, least, wanted, send } = question
      try {
        return decisionOf(rules, await send(cache.store), least, 'store')
      } catch (error) {
        if (!isStoreFailure(error)) throw error
        reportFailure({ verb, instead: onStoreError, error })
        if (onStoreError === 'closed') throw error
        return onStoreError === 'open' ? openDecision(rules, wanted) : askLocal(question)
      }
    },
    askLocal,
    local: () => standIn,
  }
}
