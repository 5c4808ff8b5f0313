import { fromExpress } from '@sluice/core/http'
import type { Request, RequestHandler } from 'express'
import { createLockGate, type LockRequestOptions } from './http/lock-gate.ts'
import { systemTime } from './local-time.ts'
import type { Lock } from './lock.ts'

declare global {
  namespace Express {
    interface Request {
      /** The lock that the last `lockRequest()` took for this request. */
      lock?: Lock
    }
  }
}

/**
 * One request at a time per key, over all processes: another one is answered with 409 or 423 and `Retry-After`, or waits.
 * The handler has the lock in `req.lock`, and as `currentLock()`. When the store is away nobody passes: 503. For Express
 * 4 and 5.
 *
 * The lock is given back when the response is closed. A handler whose client went away is not interrupted: it keeps the
 * lock until it answers, and for the ttl at the most, since Express does not say when it ends. It may ask
 * `req.lock.assertHeld()` before each step that must not be done twice.
 *
 * @example
 * app.post('/orders/:id/pay', lockRequest({ locks, key: (req) => `order:${req.params.id}` }), pay)
 * @throws OptionError for an option that is unknown, missing or of the wrong kind
 */
export function lockRequest(options: LockRequestOptions<Request>): RequestHandler {
  const gate = createLockGate(systemTime, options)
  return function lockRequest(req, res, next) {
    gate(fromExpress(req, res)).then((pass) => {
      if (pass?.lock !== undefined) req.lock = pass.lock
      pass?.run(() => next())
    }, next)
  }
}
