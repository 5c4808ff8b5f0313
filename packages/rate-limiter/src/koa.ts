import { fromKoa } from '@sluice/core/http'
import type { Context, Middleware } from 'koa'
import {
  createConcurrencyGate,
  type LimitConcurrencyOptions,
} from './concurrency/concurrency-gate.ts'
import type { Decision } from './decision.ts'
import type { RateLimitOptions } from './http/gate-options.ts'
import { createGate } from './http/gate.ts'
import type { Trust } from './http/setup-warnings.ts'

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
  const gate = createGate(options, { trustOf })
  return async function rateLimit(ctx, next) {
    const { passes, decision } = await gate(fromKoa(ctx))
    if (decision !== undefined) ctx.state.rateLimit = decision
    if (passes) await next()
  }
}

/** Koa believes the first address of the header unless `maxIpsCount` says how many proxies wrote the last ones. */
function trustOf({ app }: Context): Trust {
  if (!app.proxy) return 'none'
  const isOpen = app.maxIpsCount === 0 && app.proxyIpHeader.toLowerCase() === 'x-forwarded-for'
  return isOpen ? 'all' : 'some'
}

/**
 * Lets each client have only so many requests at once, and answers the others with 429 and `Retry-After`. A slot is free again
 * when the response is over, however it ended. For Koa 2 and 3.
 *
 * @example
 * app.use(limitConcurrency({ cache, maxConcurrent: 2 }))
 * @throws OptionError for an option that is unknown, missing or of the wrong kind
 */
export function limitConcurrency(options: LimitConcurrencyOptions<Context>): Middleware {
  const gate = createConcurrencyGate(options)
  return async function limitConcurrency(ctx, next) {
    if (await gate(fromKoa(ctx))) await next()
  }
}
