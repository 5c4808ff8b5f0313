export { createLocks, type Locks } from './create-locks.ts'
export { assertLocked, currentLock, LockNotHeldError } from './current-lock.ts'
export { LockBusyError, LockLostError, LockNotReplicatedError, LockTimeoutError } from './errors.ts'
export type {
  BusyDetails,
  LockErrorCode,
  LockLostReason,
  LossDetails,
  TimeoutDetails,
} from './errors.ts'
export { fencedGet, fencedSet, type FencedSetOptions } from './fenced.ts'
export type { LockRequestOptions } from './http/lock-gate.ts'
export type { LeaseInspection, LockInspection } from './inspection.ts'
export type { Candidate, LeaderWork, Leadership, LeadOptions } from './lead.ts'
export type { LockSet } from './lock-set.ts'
export type { Lock, Released } from './lock.ts'
export type { NamedLock, ReadWriteLock, Semaphore } from './named-lock.ts'
export type {
  AcquireOptions,
  LocksOptions,
  LossOptions,
  RunOptions,
  TryOptions,
  TryRunOptions,
} from './options.ts'
export type { RetryOptions } from './retry.ts'
export {
  runCoordinator,
  type RunCoordinator,
  type RunCoordinatorOptions,
} from './run-coordinator.ts'
export type { TryRunResult } from './run.ts'
export type { LockFields, LockTraces } from './tracing.ts'
export {
  withLock,
  type BusyLock,
  type OnBusy,
  type OnBusyFunction,
  type WithLockOptions,
} from './with-lock.ts'
