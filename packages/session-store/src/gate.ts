import { SluiceError, StoreUnavailableError } from '@sluice/core'
import { booleanOption, checkOptions, failureReporter } from '@sluice/core/extend'
import type { Answer, Exchange } from '@sluice/core/http'
import { sessionCookie, type SessionCookie } from './cookie.ts'
import { SessionError } from './errors.ts'
import { createLiveSession, type LiveSession } from './live-session.ts'
import { parseSessionOptions, type SessionConfig, type SessionOptions } from './options.ts'
import { createRecords, type Records, type StoredRecord } from './records.ts'
import type { Session, SessionData } from './session.ts'

/** Loads the session of an exchange; `undefined` when it has answered instead of the handler. */
export type SessionGate = (exchange: Exchange<object>) => Promise<Session | undefined>

/** What `requireSession` and a second `session()` must know of a request. */
interface Opened {
  readonly session: Session
  /** The store did not answer, so nobody knows whether there is a session. */
  readonly degraded: boolean
}

/** Options of `requireSession`. */
export interface RequireSessionOptions {
  /** True to ask for a signed-in user, and not for a stored session alone. Default false. */
  readonly signedIn?: boolean
}

const openedByContext = new WeakMap<object, Opened>()
const reportFailure = failureReporter('session-store')

const unavailable: Answer = {
  status: 503,
  headers: { 'Retry-After': '1' },
  body: { error: 'Session store unavailable' },
}
const invalid: Answer = { status: 401, body: { error: 'Invalid or expired session' } }

/**
 * What the middleware `session` does, for any framework: loads by the cookie, and holds the response until what changed
 * is saved.
 *
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function createSessionGate(options: SessionOptions): SessionGate {
  const config = parseSessionOptions(options)
  const records = createRecords(config)
  return async (exchange) => {
    const already = openedByContext.get(exchange.context)
    if (already !== undefined) return already.session
    const cookie = sessionCookie(config.cookie, exchange)
    const found = await findRecord(records, cookie, config.onStoreError)
    if (found === 'unavailable' && config.onStoreError === 'fail') {
      exchange.answer(unavailable)
      return undefined
    }
    const degraded = found === 'unavailable'
    const record = degraded ? undefined : found
    const live = createLiveSession<SessionData>(records, record, () => !exchange.headersSent)
    exchange.beforeHeaders(() => settle(live, cookie, degraded))
    openedByContext.set(exchange.context, { session: live.session, degraded })
    return live.session
  }
}

/**
 * What the middleware `requireSession` does: true when the handler may go on, false when it has answered.
 *
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function createSessionCheck(
  options: RequireSessionOptions,
): (exchange: Exchange<object>) => boolean {
  checkOptions('requireSession', options, ['signedIn'])
  const signedIn = booleanOption(options.signedIn, 'signedIn', false)
  return (exchange) => {
    const opened = openedByContext.get(exchange.context)
    if (opened === undefined) {
      throw new SessionError(
        'SLUICE_SESSION_NOT_MOUNTED',
        'requireSession() found no session() before it. Use session() first, on the same path or above.',
      )
    }
    const { session, degraded } = opened
    if (signedIn ? session.userId !== undefined : !session.isNew) return true
    exchange.answer(degraded ? unavailable : invalid)
    return false
  }
}

/** The record of the first token that has one. No cookie of ours: no command. */
async function findRecord(
  records: Records,
  cookie: SessionCookie,
  onStoreError: SessionConfig['onStoreError'],
): Promise<StoredRecord | 'unavailable' | undefined> {
  try {
    for (const token of cookie.tokens()) {
      const record = await records.load(token)
      if (record !== undefined) return record
    }
    return undefined
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error
    reportFailure({ verb: 'load', instead: onStoreError === 'fail' ? '503' : onStoreError, error })
    return 'unavailable'
  }
}

/** Before the headers leave. Nothing changed: nothing to wait for. */
function settle(
  live: LiveSession<SessionData>,
  cookie: SessionCookie,
  degraded: boolean,
): Promise<Answer | undefined> | undefined {
  const saving = live.finish(!degraded)
  if (saving === undefined) {
    writeCookie(live, cookie)
    return undefined
  }
  return saving.then(() => {
    writeCookie(live, cookie)
    return undefined
  }, failedSave)
}

function writeCookie(live: LiveSession<SessionData>, cookie: SessionCookie): void {
  const change = live.cookieChange()
  if (change === 'cleared') cookie.clear()
  else if (change !== undefined) cookie.write(change)
}

/** The handler's answer is not sent: what it says is saved is not. */
function failedSave(error: unknown): Answer {
  if (!(error instanceof SluiceError) || error.status !== 503) throw error
  reportFailure({ verb: 'commit', instead: '503', error })
  return unavailable
}
