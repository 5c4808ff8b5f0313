import { StoreUnavailableError, type Duration, type Store } from '@sluice/core'
import { failureReporter, tracedKey, type RunOptions } from '@sluice/core/extend'
import type { LockLostError } from './errors.ts'
import { startLease, type Lease } from './lease.ts'
import type { Instant, LocalTime } from './local-time.ts'
import { askTwice } from './lost-reply.ts'
import type { Claim } from './operations/acquire.ts'
import { extend } from './operations/extend.ts'
import { release } from './operations/release.ts'
import { parseTtl, type Replication } from './options.ts'
import type { Orphans } from './orphans.ts'
import { rememberWhere } from './reentry.ts'
import { startRenewal } from './renewal.ts'
import type { Ticker } from './ticker.ts'
import { traceExtend, traceRelease, type LockFields } from './tracing.ts'
import type { WaitingRoom } from './waiting-room.ts'

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
  /** As it was given to the method that took the lock. */
  readonly name: string
  /** Says who holds it: `host:pid/` and what nobody else has. */
  readonly token: string
  /**
   * Above the fence of every earlier holder of this name: microseconds since 1970, or one more than the last. Send it
   * along with each write and let the resource refuse a smaller one; nothing else stops a holder that was paused.
   */
  readonly fence: number
  /**
   * Aborts when the lease is lost or held for longer than `maxHold`, before the store can give it to somebody else; the reason is a `LockLostError`.
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
   * @param ttl the lease's ttl from now on. Default: as before. What it has already is never cut short
   * @throws LockLostError when it is lost or released
   * @throws StoreUnavailableError when the store does not answer; the lock is still held until its deadline
   */
  extend(ttl?: Duration): Promise<void>
  /**
   * Gives the lock back. `'expired'` when the lease had ended before. Calling it again answers the same. When the reply is
   * lost the store is asked once more: a lease that is not there any more counts as released, since it may have been.
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
  readonly ticker: Ticker
  readonly orphans: Orphans
  readonly room: WaitingRoom
  /** Which replicas must have a grant. */
  readonly replication: Replication
}

/** Who asks for which lock. */
export interface NamedClaim extends Claim {
  readonly lockName: string
  /** How long it may be held, however often it is renewed. */
  readonly maxHoldMs: number
}

/** What the store granted. */
export interface Grant extends NamedClaim {
  readonly fence: number
  /** Before the request was sent. */
  readonly startedAt: Instant
}

/** Makes a lock of a grant, and starts renewing it. */
export function holdLock(context: LockContext, grant: Grant): HeldLock {
  const { time, ticker } = context
  const { ttlMs } = grant
  const lease = startLease(time, grant)
  const renew = (newTtlMs: number): Promise<boolean> => renewLease(context, grant, newTtlMs)
  const renewal = startRenewal({ lease, ttlMs, time, ticker, renew })
  let releasing: Promise<Released> | undefined
  const giveBack = (): Promise<Released> =>
    (releasing ??= releaseLease(context, grant, lease, renewal.stop))
  const finish = async (): Promise<LockLostError | undefined> => {
    await giveBack().catch((error: unknown) =>
      report({ verb: 'release', instead: 'left to expire', error }),
    )
    return lease.lost()
  }

  const lock = new LeasedLock(grant, lease, {
    extend: (ttl) => renewal.extend(ttl === undefined ? undefined : parseTtl(ttl)),
    release: giveBack,
    finish,
  })
  rememberWhere(lock, { store: context.store, key: grant.key })
  return { lock, finish }
}

type Methods = Pick<Lock, 'extend' | 'release'> & Pick<HeldLock, 'finish'>

/** A class for its getters: each object literal with a getter gets a shape of its own, which costs more than the lease. */
class LeasedLock implements Lock {
  readonly name: string
  readonly token: string
  readonly fence: number
  readonly assertHeld: () => void
  readonly extend: Lock['extend']
  readonly release: Lock['release']
  readonly #lease: Lease
  readonly #finish: HeldLock['finish']
  readonly [Symbol.asyncDispose] = async (): Promise<void> => {
    await this.#finish()
  }

  constructor({ lockName, token, fence }: Grant, lease: Lease, methods: Methods) {
    this.name = lockName
    this.token = token
    this.fence = fence
    this.assertHeld = lease.assertHeld
    this.extend = methods.extend
    this.release = methods.release
    this.#lease = lease
    this.#finish = methods.finish
  }

  get signal(): AbortSignal {
    return this.#lease.signal()
  }

  get remainingMs(): number {
    return this.#lease.remainingMs()
  }
}

const fieldsOf = (_: LockContext, { lockName }: Grant): LockFields => ({
  key: tracedKey(() => lockName),
})

const renewLease = traceExtend.wrap(
  ({ store }: LockContext, { key, token, retentionMs }: Grant, ttlMs: number): Promise<boolean> =>
    store.run(extend, { key, token, retentionMs, ttlMs }, renewalOptions(ttlMs)),
  fieldsOf,
  (isKept) => (isKept ? 'kept' : 'gone'),
)

const releaseLease = traceRelease.wrap(
  async (
    { store, time, orphans }: LockContext,
    grant: Grant,
    lease: Lease,
    stopRenewal: () => void,
  ): Promise<Released> => {
    const lost = lease.lost()
    if (lost !== undefined) {
      // A renewal under way may have kept the lease alive after the deadline.
      if (lost.reason !== 'gone') orphans.free(grant)
      return 'expired'
    }
    stopRenewal()
    lease.end()
    try {
      const ask = async (options: RunOptions, mayBeDone: boolean): Promise<boolean> =>
        // Not there any more: the first asking freed it, and its reply was lost.
        (await store.run(release, grant, options)) || mayBeDone
      if (await askTwice(time, ask)) return 'released'
      lease.vanished()
      return 'expired'
    } catch (error) {
      if (error instanceof StoreUnavailableError) orphans.free(grant)
      throw error
    }
  },
  fieldsOf,
  (released) => released,
)

/** A short lease cannot wait out the store's own deadline: a hung renewal must leave time for the next. */
function renewalOptions(ttlMs: number): RunOptions {
  return ttlMs < 6000 ? { deadlineMs: Math.ceil(ttlMs / 6) } : {}
}
