export { SessionError, type SessionErrorCode } from './errors.ts'
export type { RequireSessionOptions } from './require-session.ts'
export type { CookieOptions } from './cookie-options.ts'
export type { Device } from './record.ts'
export type { EncryptionKey } from './sealing.ts'
export type { DeviceOptions, SessionOptions, SessionsOptions } from './options.ts'
export type { CookieRequest } from './request-token.ts'
export type { Attributes, RotateOptions, Session, SessionControls, SessionData } from './session.ts'
export {
  createSessions,
  type IssuedSession,
  type NewSession,
  type RotateTokenOptions,
  type Sessions,
  type SessionSummary,
  type StoredSession,
} from './sessions.ts'
export type { SessionFields, SessionOutcome, SessionTraces, UserFields } from './tracing.ts'
