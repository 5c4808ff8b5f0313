import { StoreUnavailableError, type Store } from '@sluice/core'
import type { LocalTime } from './local-time.ts'
import type { Claim } from './operations/acquire.ts'
import { release } from './operations/release.ts'
import type { Ticker } from './ticker.ts'

/** Leases, and places of waiters, that may stand in the store and that nobody uses. */
export interface Orphans {
  /**
   * Frees one in the background: at once, or when the store answers again, unless it must have expired by then.
   * The token is compared, so nobody else's lease is harmed.
   *
   * @param withinMs when it must have expired; the claim's ttl unless told otherwise
   */
  free(claim: Claim, withinMs?: number): void
}

/** Each expires by itself: during a long outage the oldest are left to that. */
const mostKept = 1000
const firstPauseMs = 200
const longestPauseMs = 1000

/** While the store is away one probe at a time asks for all of them, however many requests an outage has failed. */
export function createOrphans(store: Store, time: LocalTime, ticker: Ticker): Orphans {
  const expiry = new Map<Claim, number>()
  const nowMs = (): number => time.now().monotonicMs
  let isStoreAway = false

  /** True when the store has answered. */
  const tryFree = async (claim: Claim): Promise<boolean> => {
    try {
      await store.run(release, claim)
    } catch (error) {
      if (error instanceof StoreUnavailableError) return false
    }
    expiry.delete(claim)
    return true
  }
  const freeNow = async (claim: Claim): Promise<void> => {
    if ((await tryFree(claim)) || isStoreAway) return
    isStoreAway = true
    probeAfter(firstPauseMs)
  }
  const probeAfter = (pauseMs: number): void => {
    ticker.after(pauseMs, () => void probe(pauseMs))
  }
  const probe = async (pauseMs: number): Promise<void> => {
    for (const [claim, expiresAtMs] of expiry) if (expiresAtMs <= nowMs()) expiry.delete(claim)
    const [oldest] = expiry.keys()
    if (oldest !== undefined && !(await tryFree(oldest))) {
      probeAfter(Math.min(pauseMs * 2, longestPauseMs))
      return
    }
    isStoreAway = false
    for (const claim of expiry.keys()) void freeNow(claim)
  }

  return {
    free(claim, withinMs = claim.ttlMs) {
      expiry.set(claim, nowMs() + withinMs)
      const [oldest] = expiry.keys()
      if (expiry.size > mostKept && oldest !== undefined) expiry.delete(oldest)
      // Sent now and not after another: the process may be about to close the cache.
      if (!isStoreAway) void freeNow(claim)
    },
  }
}
