import { failureReporter } from '@sluice/core/extend'
import type { Lease } from './lease.ts'
import type { LocalTime } from './local-time.ts'
import type { Ticker } from './ticker.ts'

const report = failureReporter('distributed-lock')

/** Keeps a lease alive. */
export interface Renewal {
  /**
   * Renews now.
   *
   * @param ttlMs the ttl from now on; as before unless given
   * @throws LockLostError when the lease is lost or ended, and what the store throws
   */
  extend(ttlMs?: number): Promise<void>
  /** Renews no more. A request under way cannot revive what has ended. */
  stop(): void
}

/** What is renewed, and how. */
export interface RenewalOptions {
  readonly lease: Lease
  readonly ttlMs: number
  readonly time: LocalTime
  readonly ticker: Ticker
  /** Asks the store for a full ttl; false when it no longer knows the lease. */
  readonly renew: (ttlMs: number) => Promise<boolean>
}

/** Renews a lease a third of its ttl after each success, and after a failure soon again, until it is lost or stopped. */
export function startRenewal(options: RenewalOptions): Renewal {
  const { lease, time, ticker, renew } = options
  let { ttlMs } = options
  let isStopped = false
  let cancelTimer = (): void => undefined

  const schedule = (ms: number): void => {
    cancelTimer()
    if (!isStopped) cancelTimer = ticker.after(ms, () => void renewOrRetry())
  }
  const stop = (): void => {
    isStopped = true
    cancelTimer()
  }
  const extend = async (newTtlMs = ttlMs): Promise<void> => {
    lease.assertHeld()
    ttlMs = newTtlMs
    const askedAt = time.now()
    const isKept = await renew(newTtlMs)
    // A lease that was released meanwhile is not there because of that.
    if (isKept) lease.renewed(askedAt, newTtlMs)
    else if (!isStopped) lease.vanished()
    lease.assertHeld()
    schedule(ttlMs / 3)
  }
  const renewOrRetry = async (): Promise<void> => {
    try {
      await extend()
    } catch (error) {
      if (isStopped) return
      lease.renewalFailed(error)
      report({ verb: 'renew', instead: 'retry until the deadline', error })
      schedule(retryPauseMs(ttlMs))
    }
  }

  lease.whenLost(stop)
  schedule(ttlMs / 3)
  return { extend, stop }
}

/** Leaves room for several tries in the two thirds of the ttl that are left after the first. */
function retryPauseMs(ttlMs: number): number {
  return Math.max(5, Math.min(ttlMs / 12, 1000))
}
