export { SessionError, type SessionErrorCode } from './errors.ts'
export type { RequireSessionOptions } from './gate.ts'
export type { CookieOptions, SessionOptions, SessionsOptions } from './options.ts'
export type { Attributes, Session, SessionControls, SessionData } from './session.ts'
export {
  createSessions,
  type NewSession,
  type Sessions,
  type SessionSummary,
  type StoredSession,
} from './sessions.ts'
export type { SessionFields, SessionOutcome, SessionTraces, UserFields } from './tracing.ts'
