import { StoreFullError, type Store } from '@sluice/core'
import { failureReporter, processCache, tracedKey } from '@sluice/core/extend'
import { decisionOf, openDecision, type Decision, type DecisionSource } from './decision.ts'
import { isStoreFailure } from './errors.ts'
import { consume } from './operations/consume.ts'
import { reset } from './operations/reset.ts'
import type { LimiterConfig } from './options.ts'
import type { Rule } from './policy.ts'
import {
  traceConsume,
  tracePeek,
  traceReset,
  type LimitOutcome,
  type QuestionFields,
} from './tracing.ts'

/** One question: may `key` have `cost` units under these rules? */
export interface Ask {
  readonly key: string
  readonly cost: number
  readonly rules: readonly Rule[]
  /** False looks without taking. */
  readonly take: boolean
}

/** Puts questions to the store and, when it fails, does what the policy says. */
export interface Decider {
  /** @throws KeyError for a bad key; the store's error when it failed and the policy is `'closed'` */
  decide(ask: Ask): Promise<Decision>
  /** Forgets what a key has taken, in the store and locally. @throws StoreUnavailableError when the store failed */
  forget(key: string, rules: readonly Rule[]): Promise<void>
}

const reportFailure = failureReporter('rate-limiter')

/** Makes a decider. Nothing is connected or kept before the first question. */
export function createDecider({ cache, onStoreError, deadlineMs }: LimiterConfig): Decider {
  const keyOf = (key: string, { slot }: Rule): string => `${cache.stateKey('limit', key)}:${slot}`

  async function ask(
    store: Store,
    { key, ...question }: Ask,
    source: DecisionSource,
  ): Promise<Decision> {
    const { rules, cost, take } = question
    const policies = rules.map((rule) => ({ ...rule, key: keyOf(key, rule) }))
    const answers = await store.run(consume, { policies, cost, take }, { deadlineMs })
    return decisionOf(rules, answers, source)
  }

  /**
   * Without the store: the same rules on counts of this process. They are kept in its one memory cache, under the keys
   * they have in the store; its bound is theirs, and an outage with more clients lets the others pass.
   */
  async function askLocal(question: Ask): Promise<Decision> {
    try {
      return await ask(processCache().store, question, 'local')
    } catch (error) {
      if (error instanceof StoreFullError) return openDecision(question.rules)
      throw error
    }
  }

  async function decide(question: Ask): Promise<Decision> {
    try {
      return await ask(cache.store, question, 'store')
    } catch (error) {
      if (!isStoreFailure(error)) throw error
      reportFailure({ verb: question.take ? 'consume' : 'peek', instead: onStoreError, error })
      if (onStoreError === 'closed') throw error
      return onStoreError === 'open' ? openDecision(question.rules) : askLocal(question)
    }
  }

  async function forget(key: string, rules: readonly Rule[]): Promise<void> {
    const keys = rules.map((rule) => keyOf(key, rule))
    await processCache().store.run(reset, { keys })
    await cache.store.run(reset, { keys })
  }

  const consumed = traceConsume.wrap(decide, fieldsOf, outcomeOf)
  const peeked = tracePeek.wrap(decide, fieldsOf, outcomeOf)
  return {
    decide: (question) => (question.take ? consumed(question) : peeked(question)),
    forget: traceReset.wrap(
      forget,
      (key) => ({ key: tracedKey(() => key) }),
      () => undefined,
    ),
  }
}

function fieldsOf({ key, cost }: Ask): QuestionFields {
  return { key: tracedKey(() => key), cost }
}

function outcomeOf({ allowed, source }: Decision): LimitOutcome {
  return { allowed, source }
}
