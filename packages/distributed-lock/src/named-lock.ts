import type { Cache } from '@sluice/core'
import { wrongOption } from '@sluice/core/extend'
import type { LockInspection } from './inspection.ts'
import type { Lock } from './lock.ts'
import type { AcquireOptions, RunOptions, TryOptions, TryRunOptions } from './options.ts'
import type { TryRunResult } from './run.ts'
import type { Target } from './target.ts'
import type { Verbs } from './verbs.ts'

/** What may be held of one name. The verbs are those of `Locks`, with the same promises and errors. */
export interface NamedLock {
  /** Waits until it is had: `Locks.acquire`. */
  acquire(options?: AcquireOptions): Promise<Lock>
  /** Asks once: `Locks.tryAcquire`. */
  tryAcquire(options?: TryOptions): Promise<Lock | undefined>
  /** Waits, works and gives back: `Locks.run`. */
  run<Value>(work: (lock: Lock) => Value | Promise<Value>, options?: RunOptions): Promise<Value>
  /** Works if it is to be had at once: `Locks.tryRun`. */
  tryRun<Value>(
    work: (lock: Lock) => Value | Promise<Value>,
    options?: TryRunOptions,
  ): Promise<TryRunResult<Value>>
  /** Who holds how much of it: `Locks.inspect`. */
  inspect(): Promise<LockInspection>
  /** Ends all leases of it, for operators: `Locks.forceRelease`. */
  forceRelease(): Promise<number>
}

/** Up to a number of permits at once, first come first served. */
export interface Semaphore extends NamedLock {
  /**
   * The same semaphore, taking so many permits at a time. Whoever wants many is not passed by who wants few.
   * @throws OptionError for more than there are
   */
  permits(count: number): NamedLock
}

/** Many may read at once, one may write alone; a writer that waits stops the readers that come after it. */
export interface ReadWriteLock {
  /** Shared with other readers. */
  readonly read: NamedLock
  /** Excludes readers and writers. */
  readonly write: NamedLock
}

/** Whoever writes takes all of it. */
const mostReaders = 1_000_000_000

/** @throws OptionError, KeyError */
export function createSemaphore(
  cache: Cache,
  verbs: Verbs,
  lockName: string,
  capacity: number,
): Semaphore {
  const key = cache.stateKey('semaphore', lockName)
  checkPermits(capacity, 'permits', mostReaders)
  const taking = (units: number): NamedLock => namedLock(verbs, { lockName, key, units, capacity })
  return {
    ...taking(1),
    permits(count) {
      checkPermits(count, 'count', capacity)
      return taking(count)
    },
  }
}

/** @throws KeyError */
export function createReadWrite(cache: Cache, verbs: Verbs, lockName: string): ReadWriteLock {
  const key = cache.stateKey('read-write', lockName)
  const taking = (units: number): NamedLock =>
    namedLock(verbs, { lockName, key, units, capacity: mostReaders })
  return { read: taking(1), write: taking(mostReaders) }
}

function namedLock(verbs: Verbs, own: Target): NamedLock {
  const target = (): Target => own
  return {
    acquire: (options) => verbs.acquire(target, options),
    tryAcquire: (options) => verbs.tryAcquire(target, options),
    run: (work, options) => verbs.run(target, work, options),
    tryRun: (work, options) => verbs.tryRun(target, work, options),
    inspect: () => verbs.inspect(own.key),
    forceRelease: () => verbs.forceRelease(own.key),
  }
}

function checkPermits(value: number, name: string, most: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return
  throw wrongOption(name, `a whole number from 1 to ${most}`, value)
}
