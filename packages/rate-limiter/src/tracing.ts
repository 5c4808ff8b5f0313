import type { TracedKey, TraceMessage } from '@sluice/core'
import { createTrace, tracedKey, type Trace } from '@sluice/core/extend'
import type { Ask, Change } from './decider/ask.ts'
import type { Decision, DecisionSource } from './decision.ts'
import type { Rule } from './policy.ts'

/** Whom a limiter is asked about. */
export interface LimitedFields {
  /** The key as the caller gave it: an address, a user. */
  readonly key: TracedKey
}

/** A question to a limiter. */
export interface QuestionFields extends LimitedFields {
  /** Units asked for, taken or given back. */
  readonly cost: number
}

/** What the limiter said. */
export interface LimitOutcome {
  /** `allowed` of the decision. */
  readonly allowed: boolean
  /** `source` of the decision. */
  readonly source: DecisionSource
}

type QuestionMessage = TraceMessage<QuestionFields, LimitOutcome>

/** The tracing channels of rate limiters, with their messages. A refusal is a result, not an error. */
export interface RateLimiterTraces {
  /** Each request that wants units; `cost` of them. */
  readonly 'sluice:rate-limiter:consume': QuestionMessage
  /** Each look that takes nothing. */
  readonly 'sluice:rate-limiter:peek': QuestionMessage
  /** Units that were given back. */
  readonly 'sluice:rate-limiter:refund': QuestionMessage
  /** Units that were taken on top, without asking. */
  readonly 'sluice:rate-limiter:penalize': QuestionMessage
  /** Keys that were blocked for a while. */
  readonly 'sluice:rate-limiter:block': QuestionMessage
  /** Keys that were forgotten. */
  readonly 'sluice:rate-limiter:reset': TraceMessage<LimitedFields>
}

type Question = Trace<QuestionFields, LimitOutcome>

const consume: Question = createTrace('rate-limiter', 'consume')
const peek: Question = createTrace('rate-limiter', 'peek')
const refund: Question = createTrace('rate-limiter', 'refund')
const penalize: Question = createTrace('rate-limiter', 'penalize')
const block: Question = createTrace('rate-limiter', 'block')
const reset: Trace<LimitedFields, undefined> = createTrace('rate-limiter', 'reset')

/** What is told of. */
export interface Deciding {
  decide(ask: Ask): Promise<Decision>
  change(change: Change): Promise<Decision>
}

/** The verbs of a decider, told of by what is done. */
export function traced({ decide, change }: Deciding): Deciding {
  const consumed = consume.wrap(decide, fieldsOf, outcomeOf)
  const peeked = peek.wrap(decide, fieldsOf, outcomeOf)
  const changed = {
    refund: refund.wrap(change, fieldsOf, outcomeOf),
    penalize: penalize.wrap(change, fieldsOf, outcomeOf),
    block: block.wrap(change, fieldsOf, outcomeOf),
  }
  return {
    decide: (ask) => (ask.take ? consumed(ask) : peeked(ask)),
    change: (made) => changed[made.verb](made),
  }
}

type Forget = (key: string, rules: readonly Rule[]) => Promise<void>

/** A reset, told of. */
export function traceReset(forget: Forget): Forget {
  return reset.wrap(
    forget,
    (key) => ({ key: tracedKey(() => key) }),
    () => undefined,
  )
}

function fieldsOf({ key, cost }: Ask | Change): QuestionFields {
  return { key: tracedKey(() => key), cost }
}

function outcomeOf({ allowed, source }: Decision): LimitOutcome {
  return { allowed, source }
}
