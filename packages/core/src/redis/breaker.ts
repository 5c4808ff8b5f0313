/** Refuses at once what has just failed several times, and lets one probe through when the pause is over. */
export interface Breaker {
  /** False while open. When the pause is over, true for one caller: its outcome decides. */
  allows(): boolean
  succeeded(): void
  failed(): void
}

const threshold = 3
const pauseMs = 1000

/** Opens after 3 failures in a row, for one second at a time. */
export function createBreaker(nowMs: () => number = () => performance.now()): Breaker {
  let failures = 0
  let probeAtMs = 0
  return {
    allows() {
      if (failures < threshold) return true
      const now = nowMs()
      if (now < probeAtMs) return false
      // The probe's own deadline is shorter than the pause, so a lost probe costs one pause and no more.
      probeAtMs = now + pauseMs
      return true
    },
    succeeded() {
      failures = 0
    },
    failed() {
      failures++
      if (failures >= threshold) probeAtMs = nowMs() + pauseMs
    },
  }
}

/** A breaker for each server: in a Cluster the nodes that answer go on serving beside the one that does not. */
export interface Breakers {
  /** @param server `host:port` of a Cluster's node, `''` where there is one server */
  of(server: string): Breaker
  /** Closes all: a new connection has just been answered. */
  reset(): void
}

/** Makes breakers on first use, all closed. */
export function createBreakers(): Breakers {
  const breakers = new Map<string, Breaker>()
  return {
    of(server) {
      let breaker = breakers.get(server)
      if (breaker === undefined) breakers.set(server, (breaker = createBreaker()))
      return breaker
    },
    reset() {
      for (const breaker of breakers.values()) breaker.succeeded()
    },
  }
}
