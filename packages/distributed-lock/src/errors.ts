import { SluiceError } from '@sluice/core'

/** Stable codes of the errors that `@sluice/distributed-lock` throws itself. */
export type LockErrorCode =
  | 'SLUICE_LOCK_BUSY'
  | 'SLUICE_LOCK_TIMEOUT'
  | 'SLUICE_LOCK_LOST'
  | 'SLUICE_LOCK_NOT_HELD'
  | 'SLUICE_LOCK_NOT_REPLICATED'

/** What a refused caller is told of the holder. */
export interface BusyDetails {
  /** The name of the lock, as the caller gave it. */
  readonly lockName: string
  /** Ms until the holder's lease ends, unless it is renewed or released. */
  readonly remainingMs: number
}

/** Somebody else holds the lock, and the caller did not want to wait. Answered with 409 by default. */
export class LockBusyError extends SluiceError {
  /** The name of the lock, as the caller gave it. */
  readonly lockName: string
  /** Ms until the holder's lease ends, unless it is renewed or released. */
  readonly remainingMs: number

  constructor({ lockName, remainingMs }: BusyDetails) {
    super('SLUICE_LOCK_BUSY', `Lock ${quote(lockName)} is held by somebody else.`, { status: 409 })
    this.lockName = lockName
    this.remainingMs = remainingMs
  }
}

/** What a caller that waited in vain is told. */
export interface TimeoutDetails extends BusyDetails {
  /** How long the caller waited. */
  readonly waitedMs: number
  /** How often it asked. */
  readonly attempts: number
}

/** Somebody else still held the lock when the wait, or the last attempt, was over. Answered with 409 by default. */
export class LockTimeoutError extends SluiceError {
  /** The name of the lock, as the caller gave it. */
  readonly lockName: string
  /** Ms until the holder's lease ends, unless it is renewed or released. */
  readonly remainingMs: number
  /** How long the caller waited. */
  readonly waitedMs: number
  /** How often it asked. */
  readonly attempts: number

  constructor({ lockName, remainingMs, waitedMs, attempts }: TimeoutDetails) {
    const tried = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} in ${Math.round(waitedMs)} ms`
    super(
      'SLUICE_LOCK_TIMEOUT',
      `Lock ${quote(lockName)} was still held by somebody else after ${tried}.`,
      { status: 409 },
    )
    this.lockName = lockName
    this.remainingMs = remainingMs
    this.waitedMs = waitedMs
    this.attempts = attempts
  }
}

/**
 * The lock was granted, and not as many replicas as `replicas` asks for had the grant in time: it is not counted on, and given
 * back in the background. `cause` says how many had it. Answered with 503 by default.
 */
export class LockNotReplicatedError extends SluiceError {
  /** The name of the lock, as the caller gave it. */
  readonly lockName: string

  constructor(lockName: string, cause: unknown) {
    super(
      'SLUICE_LOCK_NOT_REPLICATED',
      `Lock ${quote(lockName)} was granted, but too few replicas had the grant in time.`,
      { cause, status: 503 },
    )
    this.lockName = lockName
  }
}

/** Why a lock is no longer held. */
export type LockLostReason =
  /** The lease was not renewed before its local deadline. Nobody else can have had the lock before then. */
  | 'deadline'
  /** It was held for as long as `maxHold` allows. The store keeps the lease a while longer, or until the release. */
  | 'max-hold'
  /**
   * The store no longer knows the lease: it lost data, or somebody called `forceRelease` or removed the key. Somebody else
   * may hold the lock.
   */
  | 'gone'
  /** The holder released it. Only `assertHeld()` and `extend()` say so. */
  | 'released'

/** What is known of a lost lease. */
export interface LossDetails {
  /** The name of the lock, as the caller gave it. */
  readonly lockName: string
  /** The fence of the lost lease. */
  readonly fence: number
  /** Why it is lost. */
  readonly reason: LockLostReason
  /** What the work under the lock returned all the same. */
  readonly value?: unknown
  /** The last failure to renew, where there was one. */
  readonly cause?: unknown
}

/**
 * The lease ended before the work did. It is the reason of `lock.signal`, what `assertHeld()` throws, and what `run`
 * rejects with when the work finished too late: the work's result is then in `value`, not lost.
 */
export class LockLostError extends SluiceError {
  /** The name of the lock, as the caller gave it. */
  readonly lockName: string
  /** The fence of the lost lease: what the resource should have checked. */
  readonly fence: number
  /** Why it is lost, and whether somebody else may hold the lock by now. */
  readonly reason: LockLostReason
  /** What the work under the lock returned, when `run`, `tryRun` or `withLock` rejects with this error. */
  readonly value: unknown

  constructor({ lockName, fence, reason, value, cause }: LossDetails) {
    super('SLUICE_LOCK_LOST', `Lock ${quote(lockName)} ${said[reason]}.`, { cause })
    this.lockName = lockName
    this.fence = fence
    this.reason = reason
    this.value = value
  }
}

const said: Record<LockLostReason, string> = {
  deadline: 'was lost: its lease was not renewed before its deadline',
  'max-hold': 'was held for as long as "maxHold" allows',
  gone: 'was lost: the store no longer knows its lease',
  released: 'is no longer held: it was released',
}

/** Names come from users: quoted, so that none can forge a line of a log. */
function quote(name: string): string {
  return JSON.stringify(name)
}
