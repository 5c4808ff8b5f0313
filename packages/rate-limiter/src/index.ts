export { clientKey } from './client-key.ts'
export type { Decision, DecisionSource, PolicyDecision } from './decision.ts'
export { ClientAddressError } from './errors.ts'
export type { GateSettings, HeaderOptions, PerRequest, RateLimitOptions } from './gate-options.ts'
export {
  createRateLimiter,
  type ConsumeOptions,
  type RateLimiter,
  type RateLimiterOptions,
} from './limiter.ts'
export type { LimiterSettings, OnStoreError } from './options.ts'
export type { Limits, OneLimit, Policy, SeveralLimits } from './policy.ts'
export type { LimitedFields, LimitOutcome, QuestionFields, RateLimiterTraces } from './tracing.ts'
