import type { Store } from '@sluice/core'
import { currentLock } from './current-lock.ts'
import { lossOf } from './loss-of.ts'
import type { HeldLock, Lock } from './lock.ts'
import type { Target } from './target.ts'

/** Where a held lock is kept: its name alone does not say. */
export interface Whereabouts {
  readonly store: Store
  readonly key: string
}

const whereabouts = new WeakMap<Lock, Whereabouts>()

/** Remembers where a lock is kept. */
export function rememberWhere(lock: Lock, { store, key }: Whereabouts): void {
  whereabouts.set(lock, { store, key })
}

/**
 * The lock that the work around the caller holds already: same fence, same lease. Giving it back does nothing, since the
 * work around goes on with it. `undefined` when the work around does not hold it, or has given it back.
 */
export function heldAround(store: Store, { lockName, key }: Target): HeldLock | undefined {
  const outer = currentLock(lockName)
  if (outer === undefined) return undefined
  const where = whereabouts.get(outer)
  if (where?.store !== store || where.key !== key) return undefined
  const { name, token, fence, signal, assertHeld, extend } = outer
  assertHeld()
  const lock: Lock = {
    name,
    token,
    fence,
    signal,
    get remainingMs() {
      return outer.remainingMs
    },
    assertHeld,
    extend,
    release: async () => (outer.remainingMs > 0 ? 'released' : 'expired'),
    [Symbol.asyncDispose]: async () => undefined,
  }
  rememberWhere(lock, where)
  return { lock, finish: async () => lossOf(outer) }
}
