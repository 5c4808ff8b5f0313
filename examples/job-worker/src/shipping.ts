import { StoreUnavailableError } from '@sluice/core'
import {
  currentLock,
  LockBusyError,
  LockLostError,
  withLock,
  type Locks,
} from '@sluice/distributed-lock'
import { DelayedError, WaitingError, type Job } from 'bullmq'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from './ledger.ts'

/** The name of the queue. */
export const queueName = 'orders'

/** What a job is about. */
export interface Order {
  readonly orderId: string
}

/** What is done for an order, one after the other. */
export const steps: readonly string[] = ['charge', 'pack', 'post']

/** What shipping stands on. */
export interface ShippingOptions {
  readonly locks: Locks
  readonly ledger: Ledger
  readonly stepMs: number
  /** Aborts when the worker is told to end: a job that is cancelled then was not at fault. */
  readonly stopping: AbortSignal
}

/** What BullMQ calls; it gives a signal only to functions of three parameters. */
export type Ship = (job: Job<Order>, token?: string, signal?: AbortSignal) => Promise<void>

/** A later holder of the order's lock has written: this one was paused for longer than its lease. */
class FencedOutError extends Error {
  override readonly name = 'FencedOutError'
}

const retryMs = 500

/** Ships an order at a time per order id, in all processes, and each step of it once. */
export function createShipping({ locks, ledger, stepMs, stopping }: ShippingOptions): Ship {
  const ship: Ship = async ({ data: { orderId } }, _token, signal) => {
    const lock = currentLock(lockName(orderId))
    if (lock === undefined) throw new Error('Expected to run under the lock of the order')
    const done = await ledger.stepsDone(orderId)
    for (const step of steps.filter((name) => !done.has(name))) {
      // The work itself: a payment, a printer. The signal aborts when the lock is lost or the job is cancelled.
      await sleep(stepMs, undefined, { signal })
      lock.assertHeld()
      const written = await ledger.write({ orderId, step, fence: lock.fence })
      if (written === 'refused') throw new FencedOutError(`Order ${orderId} has a later holder`)
    }
  }
  const key = ({ data }: Job<Order>): string => lockName(data.orderId)
  // Who finds the order busy goes back to the queue: a job that waits here would take a slot from others.
  const locked = withLock(locks, { key, onBusy: 'throw' }, ship)

  return async (job, token, signal) => {
    try {
      await locked(job, token, signal)
    } catch (error) {
      await putBack(job, token, error, stopping)
    }
  }
}

/** The lock under which an order is shipped. */
export function lockName(orderId: string): string {
  return `order:${orderId}`
}

/**
 * Gives a job back to the queue where it did not fail by itself; that is no failed attempt.
 *
 * @throws the error, if the job is at fault; else what tells BullMQ that the job was moved
 */
async function putBack(
  job: Job<Order>,
  token: string | undefined,
  error: unknown,
  stopping: AbortSignal,
): Promise<never> {
  if (stopping.aborted) {
    await job.moveToWait(token)
    throw new WaitingError()
  }
  if (!isOfTheMoment(error)) throw error
  await job.moveToDelayed(Date.now() + retryMs, token)
  throw new DelayedError()
}

function isOfTheMoment(error: unknown): boolean {
  return (
    error instanceof StoreUnavailableError ||
    error instanceof LockBusyError ||
    error instanceof LockLostError ||
    error instanceof FencedOutError
  )
}
