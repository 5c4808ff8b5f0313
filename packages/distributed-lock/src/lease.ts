import { LockLostError, type LockLostReason } from './errors.ts'
import { elapsedMs, type Instant, type LocalTime } from './local-time.ts'

/**
 * How much of a ttl the holder may use, counted from before the request was sent: less the drift of a clock that runs
 * 1 % slow, 2 ms for the store's rounding, and a margin in which a late timer can still fire and the work can stop.
 */
export function usableMs(ttlMs: number): number {
  const drift = ttlMs * 0.01 + 2
  const margin = Math.min(ttlMs * 0.05, 1000)
  return ttlMs - drift - margin
}

/** The local side of a granted lease: it knows when the lease ends without asking the store. */
export interface Lease {
  /** Aborts with a `LockLostError` when the lease is lost. */
  signal(): AbortSignal
  /** Calls back when it is lost. */
  whenLost(callback: () => void): void
  /** Ms until the local deadline; 0 when it is lost or ended. */
  remainingMs(): number
  /** Why it was lost, by the clocks of this moment: a blocked event loop fires no timer. */
  lost(): LockLostError | undefined
  /** @throws LockLostError when it is lost or ended */
  assertHeld(): void
  /**
   * The store confirmed that ttl when asked at that moment: the deadline moves, never to an earlier one. Takes no loss
   * back.
   */
  renewed(askedAt: Instant, ttlMs: number): void
  /** Remembers what the loss, if one follows, is due to. */
  renewalFailed(error: unknown): void
  /** The store does not know the lease. */
  vanished(): void
  /** Ends it on purpose: no timer is left, and the deadline no longer matters. */
  end(): void
}

/** What a lease starts from. */
export interface LeaseStart {
  readonly lockName: string
  readonly fence: number
  readonly ttlMs: number
  /** Before the request was sent: the store cannot have started the ttl earlier. */
  readonly startedAt: Instant
  /** How long it may be held, however often it is renewed. */
  readonly maxHoldMs: number
}

/** Starts the deadline of a lease that was just granted. */
export function startLease(time: LocalTime, start: LeaseStart): Lease {
  const { lockName, fence, maxHoldMs } = start
  const abort = createAbort()
  let { startedAt, ttlMs } = start
  let state: 'held' | 'lost' | 'ended' = 'held'
  let loss: LockLostError | undefined
  let lastFailure: unknown
  let cancelTimer = (): void => undefined

  const leftMs = (): number => usableMs(ttlMs) - elapsedMs(startedAt, time.now())
  const holdLeftMs = (): number => maxHoldMs - elapsedMs(start.startedAt, time.now())
  const remainingMs = (): number =>
    state === 'held' ? Math.max(0, Math.min(leftMs(), holdLeftMs())) : 0
  const lose = (reason: LockLostReason): void => {
    state = 'lost'
    cancelTimer()
    loss = new LockLostError({ lockName, fence, reason, cause: lastFailure })
    abort.now(loss)
  }
  const checkDeadline = (): void => {
    if (state !== 'held' || remainingMs() > 0) return
    lose(leftMs() > 0 ? 'max-hold' : 'deadline')
  }
  cancelTimer = callWhenOver(time, remainingMs, checkDeadline)
  return {
    signal: abort.signal,
    whenLost: abort.call,
    remainingMs,
    lost() {
      checkDeadline()
      return loss
    },
    assertHeld() {
      checkDeadline()
      if (loss !== undefined) throw loss
      if (state === 'ended') throw new LockLostError({ lockName, fence, reason: 'released' })
    },
    renewed(askedAt, newTtlMs) {
      checkDeadline()
      if (state !== 'held') return
      lastFailure = undefined
      if (usableMs(newTtlMs) - elapsedMs(askedAt, time.now()) < leftMs()) return
      startedAt = askedAt
      ttlMs = newTtlMs
    },
    renewalFailed(error) {
      lastFailure = error
    },
    vanished() {
      if (state !== 'lost') lose('gone')
    },
    end() {
      if (state !== 'held') return
      state = 'ended'
      cancelTimer()
    },
  }
}

/** Tells of a loss. The signal is made when it is asked for: most locks never are. */
interface Abort {
  signal(): AbortSignal
  /** Calls back, besides. */
  call(callback: () => void): void
  now(reason: LockLostError): void
}

function createAbort(): Abort {
  let controller: AbortController | undefined
  let aborted: LockLostError | undefined
  let called = (): void => undefined
  return {
    signal() {
      controller ??= new AbortController()
      if (aborted !== undefined) controller.abort(aborted)
      return controller.signal
    },
    call(callback) {
      called = callback
    },
    now(reason) {
      aborted = reason
      called()
      controller?.abort(reason)
    },
  }
}

/** Calls back when nothing remains, and answers how to cancel. A timer that finds something left waits for the rest. */
function callWhenOver(
  time: LocalTime,
  remainingMs: () => number,
  callback: () => void,
): () => void {
  let cancel = (): void => undefined
  const wait = (): void => {
    const leftMs = remainingMs()
    if (leftMs === 0) callback()
    else cancel = time.after(leftMs, wait)
  }
  wait()
  return () => cancel()
}
