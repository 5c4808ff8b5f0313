import type { TracedKey, TraceMessage } from '@sluice/core'
import { createTrace, type Trace } from '@sluice/core/extend'
import type { DecisionSource } from './decision.ts'

/** Whom a limiter is asked about. */
export interface LimitedFields {
  /** The key as the caller gave it: an address, a user. */
  readonly key: TracedKey
}

/** A question to a limiter. */
export interface QuestionFields extends LimitedFields {
  /** Units asked for. */
  readonly cost: number
}

/** What the limiter said. */
export interface LimitOutcome {
  readonly allowed: boolean
  readonly source: DecisionSource
}

/** The tracing channels of rate limiters, with their messages. A refusal is a result, not an error. */
export interface RateLimiterTraces {
  readonly 'sluice:rate-limiter:consume': TraceMessage<QuestionFields, LimitOutcome>
  readonly 'sluice:rate-limiter:peek': TraceMessage<QuestionFields, LimitOutcome>
  readonly 'sluice:rate-limiter:reset': TraceMessage<LimitedFields>
}

export const traceConsume: Trace<QuestionFields, LimitOutcome> = createTrace(
  'rate-limiter',
  'consume',
)
export const tracePeek: Trace<QuestionFields, LimitOutcome> = createTrace('rate-limiter', 'peek')
export const traceReset: Trace<LimitedFields, undefined> = createTrace('rate-limiter', 'reset')
