export { createLocks, type LockInspection, type Locks } from './create-locks.ts'
export { LockBusyError, LockLostError, LockTimeoutError } from './errors.ts'
export type {
  BusyDetails,
  LockErrorCode,
  LockLostReason,
  LossDetails,
  TimeoutDetails,
} from './errors.ts'
export type { Lock, Released } from './lock.ts'
export type { AcquireOptions, LocksOptions, TryOptions } from './options.ts'
export type { RetryOptions } from './retry.ts'
export type { TryRunResult } from './run.ts'
export type { LockFields, LockTraces } from './tracing.ts'
export { withLock, type OnBusy, type WithLockOptions } from './with-lock.ts'
