import { SluiceError } from '@sluice/core'

/** Stable codes of the errors that only `@sluice/session-store` throws. */
export type SessionErrorCode =
  /** The cookie would have to change, and the response has begun. */
  | 'SLUICE_SESSION_HEADERS_SENT'
  /** `requireSession()` runs before `session()`, or without it. */
  | 'SLUICE_SESSION_NOT_MOUNTED'

/** Sessions were used in a way that cannot work. Nothing was changed in the store. */
export class SessionError extends SluiceError {
  declare readonly code: SessionErrorCode

  constructor(code: SessionErrorCode, message: string) {
    super(code, message)
  }
}
