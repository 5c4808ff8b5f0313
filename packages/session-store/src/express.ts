import { fromExpress } from '@sluice/core/http'
import type { Request, RequestHandler } from 'express'
import type { SessionOptions } from './options.ts'
import { createSessionCheck, type RequireSessionOptions } from './require-session.ts'
import { createSessionGate } from './session-gate.ts'
import type { Session } from './session.ts'

declare global {
  namespace Express {
    interface Request {
      /**
       * The session of this request, from `@sluice/session-store/express`. With `lazy`, or where `skip` says so, there is
       * none before `loadSession()`.
       */
      readonly session: Session
      /**
       * Loads the session, once, and gives it; it is `req.session` from then on.
       * @throws StoreUnavailableError (503) when the store does not answer, unless `onStoreError` is `'anonymous'`
       */
      readonly loadSession: () => Promise<Session>
    }
  }
}

/**
 * Sessions for Express: gives every request a `req.session` to read from and assign to. Without a session cookie it
 * costs no command, with one it costs one, and another one only when something changed. With `lazy` it costs nothing
 * until `await req.loadSession()`.
 *
 * @example
 * app.use(session({ cache, secret: process.env.SESSION_SECRET ?? '', idle: '24h' }))
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function session(options: SessionOptions<Request>): RequestHandler {
  const open = createSessionGate(options)
  return function session(request, response, next) {
    open(fromExpress(request, response)).then((isOpen) => {
      if (isOpen) next()
    }, next)
  }
}

/**
 * Answers 401 `{ error: 'Invalid or expired session' }` unless there is a stored session, which it loads under `lazy`. A
 * visitor's session is one too: ask for `{ signedIn: true }` where only a signed-in user may go, for
 * `{ fresh: '15m' }` where they must have signed in just now.
 *
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function requireSession(options: RequireSessionOptions = {}): RequestHandler {
  const check = createSessionCheck(options)
  return function requireSession(request, response, next) {
    check(fromExpress(request, response)).then((passes) => {
      if (passes) next()
    }, next)
  }
}
