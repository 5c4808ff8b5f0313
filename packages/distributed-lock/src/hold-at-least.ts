import { failureReporter } from '@sluice/core/extend'
import type { LocalTime } from './local-time.ts'
import type { HeldLock, Lock } from './lock.ts'
import { lossOf } from './loss-of.ts'

const report = failureReporter('distributed-lock')

/** No lease is shorter. */
const shortestTtlMs = 100

/**
 * A lock that was granted just now and is given back when its work is done, though not before it was held for so long.
 * Nobody waits for that: the rest of the time passes in the background, and in the store should this process end.
 */
export function holdAtLeast(time: LocalTime, lock: Lock, leastMs: number): HeldLock {
  const grantedAtMs = time.now().monotonicMs
  return {
    lock,
    async finish() {
      const leftMs = Math.ceil(grantedAtMs + leastMs - time.now().monotonicMs)
      if (leftMs > 0 && lock.remainingMs > 0) await keep(time, lock, leftMs)
      else await lock[Symbol.asyncDispose]()
      return lossOf(lock)
    },
  }
}

async function keep(time: LocalTime, lock: Lock, leftMs: number): Promise<void> {
  time.after(leftMs, () => void lock[Symbol.asyncDispose]())
  try {
    if (lock.remainingMs < leftMs) await lock.extend(Math.max(leftMs, shortestTtlMs))
  } catch (error) {
    report({ verb: 'extend', instead: 'kept for its ttl', error })
  }
}
