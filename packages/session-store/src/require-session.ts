import { booleanOption, checkOptions, durationOption } from '@sluice/core/extend'
import type { Duration } from '@sluice/core'
import type { Answer, Exchange } from '@sluice/core/http'
import { SessionError } from './errors.ts'
import { invalid, stale, unavailable } from './refusals.ts'
import { lazySessionOf, loadOrAnswer } from './session-gate.ts'
import type { Session } from './session.ts'

/** Options of `requireSession`. */
export interface RequireSessionOptions {
  /** True to ask for a signed-in user, and not for a stored session alone. Default false, true with `fresh`. */
  readonly signedIn?: boolean | undefined
  /**
   * Asks for a user who has signed in within this time, as before a change of password; others get 401
   * `{ error: 'Sign in again' }`. Default: however long ago.
   */
  readonly fresh?: Duration | undefined
}

/**
 * What the middleware `requireSession` does: true when the handler may go on, false when it has answered.
 *
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function createSessionCheck(
  options: RequireSessionOptions,
): (exchange: Exchange<object>) => Promise<boolean> {
  const refusalOf = parseRequirements(options)
  return async (exchange) => {
    const lazy = lazySessionOf(exchange)
    if (lazy === undefined) {
      throw new SessionError(
        'SLUICE_SESSION_NOT_MOUNTED',
        'requireSession() found no session() before it. Use session() first, on the same path or above.',
      )
    }
    const session = await loadOrAnswer(lazy, exchange)
    if (session === undefined) return false
    const refusal = refusalOf(session)
    if (refusal === undefined) return true
    exchange.answer(lazy.degraded() ? unavailable : refusal)
    return false
  }
}

function parseRequirements(
  options: RequireSessionOptions,
): (session: Session) => Answer | undefined {
  checkOptions('requireSession', options, ['signedIn', 'fresh'])
  const freshMs =
    options.fresh === undefined ? undefined : durationOption(options.fresh, 'fresh', options.fresh)
  const signedIn = booleanOption(options.signedIn, 'signedIn', false) || freshMs !== undefined
  return (session) => {
    if (signedIn ? session.userId === undefined : session.isNew) return invalid
    return freshMs === undefined || session.isFresh(freshMs) ? undefined : stale
  }
}
