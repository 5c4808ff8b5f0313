import { fromExpress } from '@sluice/core/http'
import type { RequestHandler } from 'express'
import { createSessionCheck, createSessionGate, type RequireSessionOptions } from './gate.ts'
import type { SessionOptions } from './options.ts'
import type { Session } from './session.ts'

declare global {
  namespace Express {
    interface Request {
      /** The session of this request, from `@sluice/session-store/express`. */
      readonly session: Session
    }
  }
}

/**
 * Sessions for Express: gives every request a `req.session` to read from and assign to. Without a session cookie it
 * costs no command, with one it costs one, and another one only when something changed.
 *
 * @example
 * app.use(session({ cache, secret: process.env.SESSION_SECRET ?? '', idle: '24h' }))
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function session(options: SessionOptions): RequestHandler {
  const open = createSessionGate(options)
  return function session(request, response, next) {
    open(fromExpress(request, response)).then((opened) => {
      if (opened === undefined) return
      Object.defineProperty(request, 'session', { value: opened, enumerable: true })
      next()
    }, next)
  }
}

/**
 * Answers 401 `{ error: 'Invalid or expired session' }` unless a stored session was loaded. A visitor's session is one
 * too: ask for `{ signedIn: true }` where only a signed-in user may go.
 */
export function requireSession(options: RequireSessionOptions = {}): RequestHandler {
  const check = createSessionCheck(options)
  return function requireSession(request, response, next) {
    if (check(fromExpress(request, response))) next()
  }
}
