import { fromExpress } from '@sluice/core/http'
import type { Request, RequestHandler } from 'express'
import type { Decision } from './decision.ts'
import type { RateLimitOptions } from './gate-options.ts'
import { createGate } from './gate.ts'

declare global {
  namespace Express {
    interface Request {
      /** What the last `rateLimit()` decided about this request. */
      rateLimit?: Decision
    }
  }
}

/**
 * Refuses requests over the limit with 429, `Retry-After` and `{ error, retryAfter }`; tells the others in headers what
 * is left, and the handler in `req.rateLimit`. For Express 4 and 5.
 *
 * @example
 * app.use(rateLimit({ cache, limit: 100, window: '1m' }))
 * @throws OptionError for an option that is unknown, missing or of the wrong kind
 */
export function rateLimit(options: RateLimitOptions<Request>): RequestHandler {
  const gate = createGate(options)
  return function rateLimit(req, res, next) {
    gate(fromExpress(req, res)).then(({ passes, decision }) => {
      if (decision !== undefined) req.rateLimit = decision
      if (passes) next()
    }, next)
  }
}
