export { clientKey, type ClientKeyOptions } from './http/client-key.ts'
export type { Decision, DecisionSource, PolicyDecision } from './decision.ts'
export type { AlgorithmName } from './algorithms/index.ts'
export type { LimitConcurrencyOptions } from './concurrency/concurrency-gate.ts'
export {
  createConcurrencyLimiter,
  type ConcurrencyLimiter,
  type ConcurrencyOptions,
  type InFlight,
  type Slot,
} from './concurrency/concurrency-limiter.ts'
export { ClientAddressError, QueueFullError } from './errors.ts'
export type { GateSettings, HeaderOptions, RateLimitOptions } from './http/gate-options.ts'
export type { PerRequest } from './http/per-request.ts'
export {
  createRateLimiter,
  type ConsumeOptions,
  type CostOptions,
  type RateLimiter,
  type RateLimiterOptions,
  type RefundOptions,
  type WaitOptions,
} from './limiter.ts'
export type { LimiterSettings, OnStoreError } from './options.ts'
export type { AnswerOverride } from './http/refusal-answer.ts'
export type { WarningCode } from './http/warnings.ts'
export type { Counting, Limits, OneLimit, Policy, SeveralLimits } from './policy.ts'
export type { LimiterStats } from './decider/taking.ts'
export type { LimitedFields, LimitOutcome, QuestionFields, RateLimiterTraces } from './tracing.ts'
