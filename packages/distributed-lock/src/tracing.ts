import type { TracedKey, TraceMessage } from '@sluice/core'
import { createTrace, type Trace } from '@sluice/core/extend'
import type { Released } from './lock.ts'

/** Which lock it was. */
export interface LockFields {
  /** Its name, as the caller gave it. */
  readonly key: TracedKey
}

/**
 * The tracing channels of locks, with their messages. `acquire` is told of once, however often a waiter asks, and however
 * the lock is asked for: `tryAcquire`, `run`, `tryRun` and `withLock` too. A wait that ends without the lock is an error.
 */
export interface LockTraces {
  /** From the first question until the lock is had, refused or given up. */
  readonly 'sluice:distributed-lock:acquire': TraceMessage<LockFields, 'acquired' | 'busy'>
  /** Each renewal of a lease, in the background or by `extend()`; `'gone'` when the store no longer knew the lease. */
  readonly 'sluice:distributed-lock:extend': TraceMessage<LockFields, 'kept' | 'gone'>
  /** Each release; `'expired'` when the lease had ended before. */
  readonly 'sluice:distributed-lock:release': TraceMessage<LockFields, Released>
}

export const traceAcquire: Trace<LockFields, 'acquired' | 'busy'> = createTrace(
  'distributed-lock',
  'acquire',
)
export const traceExtend: Trace<LockFields, 'kept' | 'gone'> = createTrace(
  'distributed-lock',
  'extend',
)
export const traceRelease: Trace<LockFields, Released> = createTrace('distributed-lock', 'release')
