import type { Store } from '@sluice/core'
import { failureReporter, tracedKey, type RunOptions } from '@sluice/core/extend'
import type { LockLostError } from './errors.ts'
import { startLease } from './lease.ts'
import type { Instant, LocalTime } from './local-time.ts'
import { askTwice, mayHaveApplied } from './lost-reply.ts'
import type { Claim } from './operations/acquire.ts'
import { extend } from './operations/extend.ts'
import { release } from './operations/release.ts'
import type { Orphans } from './orphans.ts'
import { startRenewal } from './renewal.ts'
import { traceExtend, traceRelease, type LockFields } from './tracing.ts'

const report = failureReporter('distributed-lock')

/** What `release()` found: the lease was held to the end, or it had ended before. */
export type Released = 'released' | 'expired'

/**
 * A held lock. Its lease is renewed at every third of its ttl until `release()`, so the ttl need not be as long as the
 * work. The methods may be taken off the object.
 *
 * @example
 * await using lock = await locks.acquire('invoice:7')
 * await fetch(url, { signal: lock.signal })
 * lock.assertHeld()
 * await db.query('UPDATE … WHERE id = $1 AND fence <= $2', [7, lock.fence])
 */
export interface Lock extends AsyncDisposable {
  readonly name: string
  /**
   * Above the fence of every earlier holder of this name: microseconds since 1970, or one more than the last. Send it
   * along with each write and let the resource refuse a smaller one; nothing else stops a holder that was paused.
   */
  readonly fence: number
  /**
   * Aborts when the lease is lost, before the store can give it to somebody else; the reason is a `LockLostError`.
   * A release does not abort it.
   */
  readonly signal: AbortSignal
  /** Ms until the lease ends unless it is renewed; 0 when it is lost or released. */
  readonly remainingMs: number
  /**
   * Throws unless the lock is held at this moment, by this machine's clocks and without asking the store. Call it before
   * each step that must not be done twice: a blocked event loop cannot run the timer that aborts `signal`.
   * @throws LockLostError
   */
  assertHeld(): void
  /**
   * Renews the lease now to its full ttl instead of waiting for the next third.
   * @throws LockLostError when it is lost or released
   * @throws StoreUnavailableError when the store does not answer; the lock is still held until its deadline
   */
  extend(): Promise<void>
  /**
   * Gives the lock back. `'expired'` when the lease had ended before. Calling it again answers the same.
   * @throws StoreUnavailableError when the store does not answer twice; it is then asked on in the background, and the
   * lease ends with its ttl at the latest
   */
  release(): Promise<Released>
  /** Releases, and never throws: a failure is published on `sluice:distributed-lock:failure`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** A lock as the package itself holds it. */
export interface HeldLock {
  readonly lock: Lock
  /** Releases without ever throwing, and answers how the lease was lost if it was not held to this moment. */
  finish(): Promise<LockLostError | undefined>
}

/** Where leases are kept, and the clocks by which this process measures them. */
export interface LockContext {
  readonly store: Store
  readonly time: LocalTime
  readonly orphans: Orphans
}

/** What the store granted. */
export interface Grant extends Claim {
  readonly lockName: string
  readonly fence: number
  /** Before the request was sent. */
  readonly startedAt: Instant
}

/** Makes a lock of a grant, and starts renewing it. */
export function holdLock(context: LockContext, grant: Grant): HeldLock {
  const { store, time, orphans } = context
  const { lockName, key, token, ttlMs, fence, startedAt } = grant
  const claim = { key, token, ttlMs }
  const lease = startLease(time, { lockName, fence, ttlMs, startedAt })
  const fields = (): LockFields => ({ key: tracedKey(() => lockName) })
  const renew = traceExtend.wrap(
    () => store.run(extend, claim, renewalOptions(ttlMs)),
    fields,
    (isKept) => (isKept ? 'kept' : 'gone'),
  )
  const renewal = startRenewal({ lease, ttlMs, time, renew })

  let releasing: Promise<Released> | undefined
  const releaseOnce = async (): Promise<Released> => {
    const lost = lease.lost()
    if (lost !== undefined) {
      // A renewal under way may have kept the key alive after the deadline.
      if (lost.reason === 'deadline') orphans.free(claim)
      return 'expired'
    }
    renewal.stop()
    lease.end()
    try {
      const ask = async (options: RunOptions, again: boolean): Promise<boolean> =>
        // Not there at the second asking: the first freed it, and its reply was lost.
        (await store.run(release, claim, options)) || again
      if (await askTwice(time, ask)) return 'released'
      lease.vanished()
      return 'expired'
    } catch (error) {
      if (mayHaveApplied(error)) orphans.free(claim)
      throw error
    }
  }
  const releaseTold = traceRelease.wrap(releaseOnce, fields, (released) => released)
  const giveBack = (): Promise<Released> => (releasing ??= releaseTold())
  const finish = async (): Promise<LockLostError | undefined> => {
    await giveBack().catch((error: unknown) =>
      report({ verb: 'release', instead: 'left to expire', error }),
    )
    return lease.lost()
  }

  const lock: Lock = {
    name: lockName,
    fence,
    signal: lease.signal,
    get remainingMs() {
      return lease.remainingMs()
    },
    assertHeld: lease.assertHeld,
    extend: renewal.extend,
    release: giveBack,
    async [Symbol.asyncDispose]() {
      await finish()
    },
  }
  return { lock, finish }
}

/** A short lease cannot wait out the store's own deadline: a hung renewal must leave time for the next. */
function renewalOptions(ttlMs: number): RunOptions {
  return ttlMs < 6000 ? { deadlineMs: Math.ceil(ttlMs / 6) } : {}
}
