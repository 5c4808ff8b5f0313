import { LockLostError } from './errors.ts'
import type { Lock } from './lock.ts'

/** How a lock was lost by this moment; `undefined` when it is held, or was given back. */
export function lossOf({ assertHeld }: Pick<Lock, 'assertHeld'>): LockLostError | undefined {
  try {
    assertHeld()
    return undefined
  } catch (error) {
    return error instanceof LockLostError && error.reason !== 'released' ? error : undefined
  }
}
