import { SluiceError } from '@sluice/core'
import type { Answer } from '@sluice/core/http'
import type { SessionCookie } from './cookie.ts'
import { SessionError } from './errors.ts'
import type { LiveSession } from './live-session.ts'
import type { SessionConfig } from './options.ts'
import type { IssuedToken } from './records.ts'
import { invalid, reportFailure, unavailable } from './refusals.ts'
import type { SessionData } from './session.ts'

/** The session of one request, once it is loaded. */
export interface OpenedSession {
  readonly live: LiveSession<SessionData>
  readonly cookie: SessionCookie
  /** The store did not answer, so nobody knows whether there is a session. */
  readonly degraded: boolean
  /** Its token again, where the first secret did not sign the cookie. */
  readonly reissue: IssuedToken | undefined
  readonly onGone: SessionConfig['onGone']
  /** What was changed before the headers left is saved, so that what differs now was changed afterwards. */
  settled: boolean
}

/** Before the headers leave: saves, then says it in the cookie. Nothing changed: nothing to wait for. */
export function settle(opened: OpenedSession): Promise<Answer | undefined> | undefined {
  opened.cookie.vary()
  const saving = opened.live.finish(!opened.degraded)
  if (saving === undefined) {
    becomeSettled(opened)
    return undefined
  }
  return saving.then((outcome) => {
    if (outcome === 'gone') return answerGone(opened)
    becomeSettled(opened)
    return undefined
  }, answerFailed)
}

/**
 * When the response is over: saves what was changed after it had begun, as by a handler that streams. Only a session that
 * was stored by then can still be saved, for the cookie has left.
 */
export function saveLate({ live, degraded, settled }: OpenedSession): void {
  if (!settled || degraded) return
  const { session } = live
  if (session.isNew) {
    if (Object.values(session).some((value) => value !== undefined)) reportDropped(tooLate())
    return
  }
  live.finish(false)?.then((outcome) => {
    if (outcome === 'gone') reportDropped(gone())
  }, reportDropped)
}

function becomeSettled(opened: OpenedSession): void {
  opened.settled = true
  writeCookie(opened, opened.live.cookieChange() ?? opened.reissue)
}

function writeCookie({ cookie }: OpenedSession, change: IssuedToken | 'cleared' | undefined): void {
  if (change === 'cleared') cookie.clear()
  else if (change !== undefined) cookie.write(change)
}

/** The cookie is left alone: it may be that of a sign-in since. */
function answerGone(opened: OpenedSession): Answer | undefined {
  if (opened.onGone === 'error') {
    reportFailure({ verb: 'commit', instead: '401', error: gone() })
    return invalid
  }
  reportDropped(gone())
  writeCookie(opened, opened.live.cookieChange())
  return undefined
}

/** The handler's answer is not sent: what it says is saved is not. */
function answerFailed(error: unknown): Answer {
  if (!(error instanceof SluiceError) || error.status !== 503) throw error
  reportFailure({ verb: 'commit', instead: '503', error })
  return unavailable
}

function reportDropped(error: unknown): void {
  reportFailure({ verb: 'commit', instead: 'dropped', error })
}

function gone(): SessionError {
  return new SessionError(
    'SLUICE_SESSION_GONE',
    'The session ended, or somebody else signed in, while a request was under way: what it changed is not saved.',
  )
}

function tooLate(): SessionError {
  return new SessionError(
    'SLUICE_SESSION_HEADERS_SENT',
    'A new session was assigned to after the response had begun. It is not stored, for no cookie could carry it: ' +
      'assign before the first byte is written.',
  )
}
