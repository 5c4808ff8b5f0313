import { AsyncLocalStorage } from 'node:async_hooks'
import { SluiceError } from '@sluice/core'
import { LockLostError } from './errors.ts'
import type { Lock } from './lock.ts'

/** Code that must run under a lock runs without it: a mistake of the program, not of the moment. */
export class LockNotHeldError extends SluiceError {
  /** The name that was asked for. */
  readonly lockName: string

  constructor(lockName: string) {
    super(
      'SLUICE_LOCK_NOT_HELD',
      `Expected lock ${JSON.stringify(lockName)} to be held here. Call this inside withLock(), locks.run(), locks.lead() or lockRequest().`,
    )
    this.lockName = lockName
  }
}

/** A lock, as what runs under it knows it. */
export interface Holder {
  /** Calls the work as a part of what runs under the lock. */
  run<Value>(work: () => Value): Value
  /** The work is done: what it left running no longer has the lock. */
  end(): void
}

interface Held {
  readonly lock: Lock
  /** What the work around this one holds. */
  outer: Held | undefined
  isOver: boolean
}

const held = new AsyncLocalStorage<Held>()

/** Makes a lock the current one of what it will be told to run. */
export function holderOf(lock: Lock): Holder {
  const own: Held = { lock, outer: live(held.getStore()), isOver: false }
  return {
    run: (work) => held.run(own, work),
    end() {
      own.isOver = true
    },
  }
}

/** Does the work with the lock as the current one, until it settles. */
export async function runAsHolder<Value>(
  lock: Lock,
  work: () => Value | Promise<Value>,
): Promise<Value> {
  const holder = holderOf(lock)
  try {
    return await holder.run(work)
  } finally {
    holder.end()
  }
}

/**
 * The lock under which the calling code runs: of the nearest `withLock`, `locks.run`, `locks.tryRun`, `lead` or
 * `lockRequest` around it, or of the nearest with that name. `undefined` outside of them, and after the lock was given
 * back: work that was left running does not have it. A lost lock is still answered, and its `assertHeld()` throws.
 *
 * @example
 * async function save(order: Order) {
 *   const fence = currentLock()?.fence // however deep this is called
 *   await db.query('UPDATE … WHERE id = $1 AND fence <= $2', [order.id, fence])
 * }
 */
export function currentLock(name?: string): Lock | undefined {
  for (let one = live(held.getStore()); one !== undefined; one = one.outer) {
    const isMeant = name === undefined || one.lock.name === name
    if (isMeant && !isReleased(one.lock)) return one.lock
  }
  return undefined
}

/**
 * Throws unless the calling code runs under the lock of this name, and the lock is held at this moment: for code deep
 * down that must never run without. Asks no store.
 *
 * @throws LockNotHeldError when no lock of this name is held around the caller
 * @throws LockLostError when the lock was lost
 * @example
 * async function ship(order: Order) {
 *   assertLocked(`order:${order.id}`)
 * }
 */
export function assertLocked(name: string): void {
  const lock = currentLock(name)
  if (lock === undefined) throw new LockNotHeldError(name)
  lock.assertHeld()
}

/** Drops those that are over: work that starts its own successor would else hold a chain of all before it. */
function live(one: Held | undefined): Held | undefined {
  if (one === undefined) return undefined
  one.outer = live(one.outer)
  return one.isOver ? one.outer : one
}

function isReleased(lock: Lock): boolean {
  try {
    lock.assertHeld()
    return false
  } catch (error) {
    return error instanceof LockLostError && error.reason === 'released'
  }
}
