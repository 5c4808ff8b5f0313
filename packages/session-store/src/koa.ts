import { fromKoa } from '@sluice/core/http'
import type { Context, Middleware } from 'koa'
import type { SessionOptions } from './options.ts'
import { createSessionCheck, type RequireSessionOptions } from './require-session.ts'
import { createSessionGate } from './session-gate.ts'
import type { Session } from './session.ts'

declare module 'koa' {
  interface BaseContext {
    /**
     * The session of this request, from `@sluice/session-store/koa`. With `lazy`, or where `skip` says so, there is none
     * before `loadSession()`.
     */
    readonly session: Session
    /**
     * Loads the session, once, and gives it; it is `ctx.session` from then on.
     * @throws StoreUnavailableError (503) when the store does not answer, unless `onStoreError` is `'anonymous'`
     */
    readonly loadSession: () => Promise<Session>
  }
}

/**
 * Sessions for Koa: gives every request a `ctx.session` to read from and assign to. Without a session cookie it costs no
 * command, with one it costs one, and another one only when something changed. With `lazy` it costs nothing until
 * `await ctx.loadSession()`.
 *
 * @example
 * app.use(session({ cache, secret: process.env.SESSION_SECRET ?? '', idle: '24h' }))
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function session(options: SessionOptions<Context>): Middleware {
  const open = createSessionGate(options)
  return async function session(context, next) {
    if (await open(fromKoa(context))) await next()
  }
}

/**
 * Answers 401 `{ error: 'Invalid or expired session' }` unless there is a stored session, which it loads under `lazy`. A
 * visitor's session is one too: ask for `{ signedIn: true }` where only a signed-in user may go, for
 * `{ fresh: '15m' }` where they must have signed in just now.
 *
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function requireSession(options: RequireSessionOptions = {}): Middleware {
  const check = createSessionCheck(options)
  return async function requireSession(context, next) {
    if (await check(fromKoa(context))) await next()
  }
}
