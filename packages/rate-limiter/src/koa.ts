import { fromKoa } from '@sluice/core/http'
import type { Context, Middleware } from 'koa'
import type { Decision } from './decision.ts'
import type { RateLimitOptions } from './gate-options.ts'
import { createGate } from './gate.ts'

declare module 'koa' {
  interface DefaultState {
    /** What the last `rateLimit()` decided about this request. */
    rateLimit?: Decision
  }
}

/**
 * Refuses requests over the limit with 429, `Retry-After` and `{ error, retryAfter }`; tells the others in headers what
 * is left, and the handler in `ctx.state.rateLimit`. For Koa 2 and 3.
 *
 * @example
 * app.use(rateLimit({ cache, limit: 100, window: '1m' }))
 * @throws OptionError for an option that is unknown, missing or of the wrong kind
 */
export function rateLimit(options: RateLimitOptions<Context>): Middleware {
  const gate = createGate(options)
  return async function rateLimit(ctx, next) {
    const { passes, decision } = await gate(fromKoa(ctx))
    if (decision !== undefined) ctx.state.rateLimit = decision
    if (passes) await next()
  }
}
