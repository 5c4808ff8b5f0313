import { failureReporter, type AbsorbedFailure } from '@sluice/core/extend'
import type { Answer } from '@sluice/core/http'

/** Tells of what a policy absorbed. */
export const reportFailure: (failure: AbsorbedFailure) => void = failureReporter('session-store')

/** Nobody knows whether there is a session, or what changed is not saved. */
export const unavailable: Answer = {
  status: 503,
  headers: { 'Retry-After': '1' },
  body: { error: 'Session store unavailable' },
}

/** There is no session, or not one that may go on. */
export const invalid: Answer = { status: 401, body: { error: 'Invalid or expired session' } }

/** There is one, and it is too long ago that its user proved who they are. */
export const stale: Answer = { status: 401, body: { error: 'Sign in again' } }
