import { StoreUnavailableError } from '@sluice/core'
import type { Exchange } from '@sluice/core/http'
import { createCookies } from './cookie.ts'
import { createLazySession, type LazySession } from './lazy-session.ts'
import { parseSessionOptions, type SessionOptions } from './options.ts'
import { createRecords } from './records.ts'
import { reportFailure, unavailable } from './refusals.ts'
import type { Session } from './session.ts'

/** Gives the exchange's context its session; false when it has answered instead of the handler. */
export type SessionGate<Context> = (exchange: Exchange<Context>) => Promise<boolean>

const sessionsByContext = new WeakMap<object, LazySession>()

/**
 * What the middleware `session` does, for any framework: loads by the cookie, at once or when somebody asks, and holds the
 * response until what changed is saved.
 *
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function createSessionGate<Context extends object>(
  options: SessionOptions<Context>,
): SessionGate<Context> {
  const config = parseSessionOptions(options)
  const records = createRecords(config)
  const cookieOf = createCookies(config.cookie)
  const open = (exchange: Exchange<Context>): LazySession => {
    const lazy = createLazySession({ config, records, exchange, cookie: cookieOf(exchange) })
    sessionsByContext.set(exchange.context, lazy)
    Object.defineProperty(exchange.context, 'loadSession', { value: lazy.load, enumerable: true })
    return lazy
  }
  return async (exchange) => {
    const lazy = lazySessionOf(exchange) ?? open(exchange)
    if (config.lazy || config.skip?.(exchange.context)) return true
    return (await loadOrAnswer(lazy, exchange)) !== undefined
  }
}

/** What a `session()` on the way of this request has made. */
export function lazySessionOf({ context }: Exchange<object>): LazySession | undefined {
  return sessionsByContext.get(context)
}

/** The session, or 503 and nothing. */
export async function loadOrAnswer(
  lazy: LazySession,
  exchange: Exchange<object>,
): Promise<Session | undefined> {
  try {
    return await lazy.load()
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error
    reportFailure({ verb: 'load', instead: '503', error })
    exchange.answer(unavailable)
    return undefined
  }
}
