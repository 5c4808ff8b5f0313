import { fromKoa } from '@sluice/core/http'
import type { Middleware } from 'koa'
import { createSessionCheck, createSessionGate, type RequireSessionOptions } from './gate.ts'
import type { SessionOptions } from './options.ts'
import type { Session } from './session.ts'

declare module 'koa' {
  interface BaseContext {
    /** The session of this request, from `@sluice/session-store/koa`. */
    readonly session: Session
  }
}

/**
 * Sessions for Koa: gives every request a `ctx.session` to read from and assign to. Without a session cookie it costs no
 * command, with one it costs one, and another one only when something changed.
 *
 * @example
 * app.use(session({ cache, secret: process.env.SESSION_SECRET ?? '', idle: '24h' }))
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function session(options: SessionOptions): Middleware {
  const open = createSessionGate(options)
  return async function session(context, next) {
    const opened = await open(fromKoa(context))
    if (opened === undefined) return
    Object.defineProperty(context, 'session', { value: opened, enumerable: true })
    await next()
  }
}

/**
 * Answers 401 `{ error: 'Invalid or expired session' }` unless a stored session was loaded. A visitor's session is one
 * too: ask for `{ signedIn: true }` where only a signed-in user may go.
 */
export function requireSession(options: RequireSessionOptions = {}): Middleware {
  const check = createSessionCheck(options)
  return async function requireSession(context, next) {
    if (check(fromKoa(context))) await next()
  }
}
