import { StoreUnavailableError } from '@sluice/core'
import type { RunOptions } from '@sluice/core/extend'
import { LockNotReplicatedError } from './errors.ts'
import type { Replication } from './options.ts'

/** What the store answers to one that asks for a lock. */
interface Answered {
  readonly granted: boolean
}

/** How the store is asked for a lease: a grant must be on the replicas, anything else need not. */
export function asReplicated(
  { count, timeoutMs }: Replication,
  ttlMs: number,
  options: RunOptions,
): RunOptions<Answered> {
  if (count === 0) return options
  // What is granted late is of no use.
  const replicas = { count, timeoutMs: Math.min(timeoutMs, ttlMs / 3), of: isGranted }
  return { ...options, replicas }
}

function isGranted({ granted }: Answered): boolean {
  return granted
}

/** What a caller is told of an error of the store. */
export function refusalOf(error: unknown, lockName: string): unknown {
  return error instanceof StoreUnavailableError && error.reason === 'not-replicated'
    ? new LockNotReplicatedError(lockName, error)
    : error
}
