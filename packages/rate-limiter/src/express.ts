import { fromExpress } from '@sluice/core/http'
import type { Request, RequestHandler } from 'express'
import {
  createConcurrencyGate,
  type LimitConcurrencyOptions,
} from './concurrency/concurrency-gate.ts'
import type { Decision } from './decision.ts'
import type { RateLimitOptions } from './http/gate-options.ts'
import { createGate } from './http/gate.ts'
import type { Trust } from './http/setup-warnings.ts'

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
  const gate = createGate(options, { trustOf })
  return function rateLimit(req, res, next) {
    gate(fromExpress(req, res)).then(({ passes, decision }) => {
      if (decision !== undefined) req.rateLimit = decision
      if (passes) next()
    }, next)
  }
}

/** By the setting as the app gave it: true believes every address that a client writes. */
function trustOf({ app }: Request): Trust {
  const setting: unknown = app.get('trust proxy')
  if (setting === true) return 'all'
  return setting === undefined || setting === false || setting === 0 ? 'none' : 'some'
}

/**
 * Lets each client have only so many requests at once, and answers the others with 429 and `Retry-After`. A slot is free again
 * when the response is over, however it ended. For Express 4 and 5.
 *
 * @example
 * app.use(limitConcurrency({ cache, maxConcurrent: 2 }))
 * @throws OptionError for an option that is unknown, missing or of the wrong kind
 */
export function limitConcurrency(options: LimitConcurrencyOptions<Request>): RequestHandler {
  const gate = createConcurrencyGate(options)
  return function limitConcurrency(req, res, next) {
    gate(fromExpress(req, res)).then((passes) => {
      if (passes) next()
    }, next)
  }
}
