import { runAsHolder } from './current-lock.ts'
import { LockLostError } from './errors.ts'
import type { HeldLock, Lock } from './lock.ts'

/** What `tryRun` resolves to: what the work returned, or that it did not run because the lock was held. */
export type TryRunResult<Value> =
  | {
      /** The work ran, under the lock. */
      readonly ran: true
      /** What it returned. */
      readonly value: Value
    }
  | {
      /** Somebody else had the lock: nothing was done. */
      readonly ran: false
      /** Ms until the holder's lease ends, unless it is renewed. */
      readonly remainingMs: number
    }

/**
 * Does the work and gives the lock back. The work's own error comes first; work that finished after its lease was lost
 * rejects, with what it returned in the error; a failure to release is never the caller's problem.
 *
 * @param isLossIgnored resolves to what the work returned even so
 */
export async function runHolding<Value>(
  held: HeldLock,
  work: (lock: Lock) => Value | Promise<Value>,
  isLossIgnored = false,
): Promise<Value> {
  let value: Value
  try {
    value = await runAsHolder(held.lock, () => work(held.lock))
  } catch (error) {
    await held.finish()
    throw error
  }
  const lost = await held.finish()
  if (lost === undefined || isLossIgnored) return value
  const { lockName, fence, reason, cause } = lost
  throw new LockLostError({ lockName, fence, reason, cause, value })
}
