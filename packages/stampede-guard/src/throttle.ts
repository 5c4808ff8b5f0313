import type { Clock } from '@sluice/core'

/** Keys whose load has just failed: a stale value is served a while before the next try. */
export interface Throttle {
  holds(id: string): boolean
  /** @param ms counted from now */
  start(id: string, ms: number): void
  end(id: string): void
}

const mostHeld = 10_000

/** Makes a throttle. */
export function createThrottle(clock: Clock): Throttle {
  const untilMs = new Map<string, number>()
  return {
    holds(id) {
      const until = untilMs.get(id)
      if (until === undefined) return false
      if (clock.now() < until) return true
      untilMs.delete(id)
      return false
    },
    start(id, ms) {
      const [oldest] = untilMs.keys()
      if (untilMs.size >= mostHeld && oldest !== undefined) untilMs.delete(oldest)
      untilMs.set(id, clock.now() + ms)
    },
    end(id) {
      untilMs.delete(id)
    },
  }
}
