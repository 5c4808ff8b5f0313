import type { Clock } from '../clock.ts'
import { durationMs, type Duration } from '../duration.ts'

/** A clock that a test moves. */
export interface ManualClock extends Clock {
  /** Moves forward. */
  advance(by: Duration): void
  /** Jumps, backwards too. */
  set(nowMs: number): void
}

/**
 * A clock that stands still until told.
 *
 * @param startMs where it starts, ms since 1970. Default: 1 January 2026.
 */
export function manualClock(startMs: number = Date.UTC(2026, 0, 1)): ManualClock {
  let nowMs = startMs
  return {
    now: () => nowMs,
    advance(by) {
      nowMs += durationMs(by, 'by')
    },
    set(to) {
      nowMs = to
    },
  }
}
