import { setTimeout as sleep } from 'node:timers/promises'

/** One moment, by both clocks of this machine. */
export interface Instant {
  /** Never jumps, and may stand still while the machine sleeps. */
  readonly monotonicMs: number
  /** May jump, and goes on while the machine sleeps. */
  readonly wallMs: number
}

/** This process's clocks and timers, by which leases are measured. Tests pass one that they move by hand. */
export interface LocalTime {
  now(): Instant
  /** Calls back once and answers how to cancel. Does not keep the process alive. */
  after(ms: number, callback: () => void): () => void
  /**
   * Keeps the process alive, since somebody awaits it.
   * @throws the signal's reason as soon as it aborts
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The time of this machine. */
export const systemTime: LocalTime = {
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
  after(ms, callback) {
    const timer = setTimeout(callback, ms).unref()
    return () => clearTimeout(timer)
  },
  // Only an abort makes the timer reject, and with an error of its own.
  sleep: (ms, signal) =>
    sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() =>
      signal?.throwIfAborted(),
    ),
}

/** How long ago it was by the clock that says more: a lease that ends too early is safe, one that ends too late is not. */
export function elapsedMs(since: Instant, now: Instant): number {
  return Math.max(now.monotonicMs - since.monotonicMs, now.wallMs - since.wallMs)
}
