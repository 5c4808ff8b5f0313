import { SluiceError } from '@sluice/core'

/** Stable codes of the errors that only `@sluice/session-store` throws. */
export type SessionErrorCode =
  /** The cookie would have to change, and the response has begun. */
  | 'SLUICE_SESSION_HEADERS_SENT'
  /** `requireSession()` runs before `session()`, or without it. */
  | 'SLUICE_SESSION_NOT_MOUNTED'
  /** All sessions of the user were ended while this one was signed in; it has ended, too (401). */
  | 'SLUICE_SESSION_REVOKED'
  /** The user has `maxPerUser` sessions, and `onTooMany` is `'refuse'` (409). */
  | 'SLUICE_SESSION_LIMIT'
  /** What a request changed was not saved: the session had ended meanwhile. Reported, never thrown. */
  | 'SLUICE_SESSION_GONE'

/** Sessions were used in a way that cannot work. Nothing was changed in the store. */
export class SessionError extends SluiceError {
  declare readonly code: SessionErrorCode

  constructor(code: SessionErrorCode, message: string, status?: number) {
    super(code, message, status === undefined ? {} : { status })
  }
}
