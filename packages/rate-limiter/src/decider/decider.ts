import type { Store } from '@sluice/core'
import { failureReporter } from '@sluice/core/extend'
import type { Ask, Change, Subject } from './ask.ts'
import { openDecision, type Decision } from '../decision.ts'
import { isStoreFailure } from '../errors.ts'
import { createFailover, type StoreQuestion } from './failover.ts'
import { createForgetting, type Forgetting } from './forgetting.ts'
import { createLimiterKeys } from './keys.ts'
import { adjust } from '../operations/adjust.ts'
import { consumeOperation } from '../operations/consume-one.ts'
import type { LimiterConfig } from '../options.ts'
import { createTaking, type LimiterStats } from './taking.ts'
import { traced } from '../tracing.ts'

/** Puts questions to the store, or answers them from what it said before. */
export interface Decider extends Forgetting {
  /** @throws KeyError for a bad key; the store's error when it failed and the policy is `'closed'` */
  decide(ask: Ask): Promise<Decision>
  /** @throws as `decide` */
  change(change: Change): Promise<Decision>
  /** Gives back what a decision took. A store that fails is reported, and nothing else happens. */
  refund(subject: Subject, decision: Decision): Promise<void>
  stats(): LimiterStats
}

const reportFailure = failureReporter('rate-limiter')

/** Makes a decider. Nothing is connected or kept before the first question. */
export function createDecider(config: LimiterConfig): Decider {
  const options = { deadlineMs: config.deadlineMs }
  const failover = createFailover(config)
  const keys = createLimiterKeys(config.cache, config.name)

  const askStore = (ask: Ask, least: number, most: number): Promise<Decision> => {
    const { key, rules, cost, take } = ask
    const { blockKey, policies } = keys.of(key, rules)
    const args = { blockKey, policies, least, most, take }
    const operation = consumeOperation(args)
    return failover.ask({
      verb: take ? 'consume' : 'peek',
      rules,
      least,
      wanted: cost,
      send: (store) => store.run(operation, args, options),
    })
  }
  const taking = createTaking(config, askStore)

  function decide(ask: Ask): Promise<Decision> {
    const { rules, cost, take } = ask
    if (rules.length === 0) return Promise.resolve(openDecision([], take ? cost : 0))
    return take && cost > 0 ? taking.take(ask) : askStore(ask, cost, cost)
  }

  async function change({ verb, key, rules, cost, of, blockMs = -1 }: Change): Promise<Decision> {
    if (rules.length === 0) return openDecision([], 0)
    const units = verb === 'refund' ? -refundable(cost, of) : cost
    const args = { ...keys.of(key, rules), units, takenAtMs: of?.decidedAtMs ?? 0, blockMs }
    const send = (store: Store) => store.run(adjust, args, options)
    const question: StoreQuestion = { verb, rules, least: 0, wanted: 0, send }
    try {
      return await (of?.source === 'local' ? failover.askLocal(question) : failover.ask(question))
    } finally {
      // Afterwards: a refusal from before the change may have come in meanwhile.
      taking.forget(key, verb === 'block')
    }
  }

  const told = traced({ decide, change })
  return {
    ...told,
    ...createForgetting(config, keys, failover.local, taking),
    refund: (subject, decision) => refundQuietly(told.change, subject, decision),
    stats: taking.stats,
  }
}

async function refundQuietly(
  change: Decider['change'],
  subject: Subject,
  decision: Decision,
): Promise<void> {
  if (refundable(subject.cost, decision) === 0) return
  try {
    await change({ ...subject, verb: 'refund', of: decision })
  } catch (error) {
    if (!isStoreFailure(error)) throw error
    reportFailure({ verb: 'refund', instead: 'ignored', error })
  }
}

/** No more than the decision took, and nothing where nobody counted. */
function refundable(cost: number, decision: Decision | undefined): number {
  if (decision === undefined) return cost
  return decision.source === 'open' ? 0 : Math.min(cost, decision.granted)
}
