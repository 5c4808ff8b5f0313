import { fromKoa } from '@sluice/core/http'
import type { Context, Middleware } from 'koa'
import { createLockGate, type LockRequestOptions } from './http/lock-gate.ts'
import { systemTime } from './local-time.ts'
import type { Lock } from './lock.ts'

declare module 'koa' {
  interface DefaultState {
    /** The lock that the last `lockRequest()` took for this request. */
    lock?: Lock
  }
}

/**
 * One request at a time per key, over all processes: another one is answered with 409 or 423 and `Retry-After`, or waits.
 * The handler has the lock in `ctx.state.lock`, and as `currentLock()`. When the store is away nobody passes: 503. For
 * Koa 2 and 3.
 *
 * The lock is given back when the response is closed and the handler has ended, also when the client went away before.
 *
 * @example
 * router.post('/orders/:id/pay', lockRequest({ locks, key: (ctx) => `order:${ctx.params.id}` }), pay)
 * @throws OptionError for an option that is unknown, missing or of the wrong kind
 */
export function lockRequest(options: LockRequestOptions<Context>): Middleware {
  const gate = createLockGate(systemTime, options)
  return async function lockRequest(ctx, next) {
    const pass = await gate(fromKoa(ctx))
    if (pass?.lock !== undefined) ctx.state.lock = pass.lock
    await pass?.run(next)
  }
}
