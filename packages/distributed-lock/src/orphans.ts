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

/** One probe at a time for all of them, however many requests an outage has failed. */
export function createOrphans(store: Store, time: LocalTime, ticker: Ticker): Orphans {
  const expiry = new Map<Claim, number>()
  const nowMs = (): number => time.now().monotonicMs
  let isSweeping = false

  const sweep = async (pauseMs: number): Promise<void> => {
    isSweeping = true
    for (const [claim, expiresAtMs] of expiry) {
      if (nowMs() < expiresAtMs && (await isStoreAway(claim))) {
        ticker.after(pauseMs, () => void sweep(Math.min(pauseMs * 2, longestPauseMs)))
        return
      }
      expiry.delete(claim)
    }
    isSweeping = false
  }
  const isStoreAway = async (claim: Claim): Promise<boolean> => {
    try {
      await store.run(release, claim)
      return false
    } catch (error) {
      return error instanceof StoreUnavailableError
    }
  }

  return {
    free(claim, withinMs = claim.ttlMs) {
      expiry.set(claim, nowMs() + withinMs)
      const [oldest] = expiry.keys()
      if (expiry.size > mostKept && oldest !== undefined) expiry.delete(oldest)
      if (!isSweeping) void sweep(firstPauseMs)
    },
  }
}
