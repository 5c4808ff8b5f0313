import { StoreUnavailableError } from '@sluice/core'
import type { RunOptions } from '@sluice/core/extend'
import { usableMs } from './lease.ts'
import { elapsedMs, type Instant } from './local-time.ts'
import type { Grant, LockContext, NamedClaim } from './lock.ts'
import { askTwice, mayHaveApplied } from './lost-reply.ts'
import { acquire, type Claim, type Request } from './operations/acquire.ts'
import { asReplicated, refusalOf } from './replication.ts'

/** The lock was busy for one attempt. */
export interface Busy {
  readonly granted: false
  /** Ms until a holder's lease ends, unless it is renewed. */
  readonly remainingMs: number
  /** True for the waiter that is served next. */
  readonly isNext: boolean
}

/** One attempt found the lock free. */
export interface Granted {
  readonly granted: true
  readonly grant: Grant
}

/** How one attempt is made. */
export interface AttemptOptions {
  /** Where a waiter is told that it was served; absent for one that takes no place. */
  readonly channel?: string
  /** Asked when a reply was lost. Default: never again. */
  readonly mayAskAgain?: () => boolean
}

/**
 * Asks once for the lock; once more with the same token, if `mayAskAgain()`, when the reply was lost.
 *
 * @throws StoreUnavailableError when the store did not answer, or answered when the lease was already over. It may have
 * granted the lease all the same.
 * @throws LockNotReplicatedError when it has
 */
export async function attempt(
  { store, time, replication }: LockContext,
  claim: NamedClaim,
  { channel, mayAskAgain = () => false }: AttemptOptions = {},
): Promise<Busy | Granted> {
  const request = channel === undefined ? claim : requestOf(claim, channel)
  const ask = async (options: RunOptions): Promise<Busy | Granted> => {
    const startedAt = time.now()
    const how = asReplicated(replication, claim.ttlMs, options)
    const answer = await store.run(acquire, request, how)
    if (!answer.granted) return answer
    if (elapsedMs(startedAt, time.now()) >= usableMs(claim.ttlMs)) throw tooLate(claim)
    return { granted: true, grant: grantOf(claim, answer.fence, startedAt) }
  }
  try {
    return await askTwice(time, ask, mayAskAgain)
  } catch (error) {
    throw refusalOf(error, claim.lockName)
  }
}

/**
 * `attempt`, once. What may have been taken all the same is freed, so nobody waits for a holder that does not exist.
 *
 * @throws StoreUnavailableError, LockNotReplicatedError as `attempt`
 */
export async function attemptOnce(
  context: LockContext,
  claim: NamedClaim,
  options?: AttemptOptions,
): Promise<Busy | Granted> {
  try {
    return await attempt(context, claim, options)
  } catch (error) {
    if (mayHaveApplied(error)) context.orphans.free(claim)
    throw error
  }
}

// Said in full: on Node 20 a spread with more behind it takes microseconds, more than all else that is done for a lock here.

function requestOf(
  { key, token, ttlMs, units, capacity, retentionMs }: Claim,
  channel: string,
): Request {
  return { key, token, ttlMs, units, capacity, retentionMs, channel }
}

function grantOf(claim: NamedClaim, fence: number, startedAt: Instant): Grant {
  const { lockName, key, token, ttlMs, units, capacity, retentionMs, maxHoldMs } = claim
  return { lockName, key, token, ttlMs, units, capacity, retentionMs, maxHoldMs, fence, startedAt }
}

/** The lease was granted, and its time was over before the reply could be used. */
function tooLate({ lockName, ttlMs }: NamedClaim): StoreUnavailableError {
  return new StoreUnavailableError(
    'timeout',
    `Lock ${JSON.stringify(lockName)} was granted for ${ttlMs} ms, and the reply came when they were over. ` +
      'Choose a longer "ttl".',
  )
}
