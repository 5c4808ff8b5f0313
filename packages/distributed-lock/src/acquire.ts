import { StoreUnavailableError } from '@sluice/core'
import type { RunOptions } from '@sluice/core/extend'
import { LockBusyError, LockTimeoutError } from './errors.ts'
import { usableMs } from './lease.ts'
import { elapsedMs } from './local-time.ts'
import type { Grant, LockContext } from './lock.ts'
import { askTwice, mayHaveApplied } from './lost-reply.ts'
import { acquire, type Answer, type Claim } from './operations/acquire.ts'
import type { AcquirePlan } from './options.ts'
import { pauseMs } from './retry.ts'

/** Who asks for which lock. */
export interface NamedClaim extends Claim {
  readonly lockName: string
}

/** The lock was busy for one attempt. */
export interface Busy {
  readonly granted: false
  /** Ms until the holder's lease ends, unless it is renewed. */
  readonly remainingMs: number
}

/** One attempt found the lock free. */
export interface Granted {
  readonly granted: true
  readonly grant: Grant
}

/**
 * Asks once for the lock; once more with the same token, if `mayAskAgain()`, when the reply was lost. What may then
 * have been taken all the same is freed, so nobody waits for a holder that does not exist.
 *
 * @throws StoreUnavailableError when the store did not answer, or answered when the lease was already over
 */
export async function attempt(
  context: LockContext,
  claim: NamedClaim,
  mayAskAgain: () => boolean,
): Promise<Busy | Granted> {
  const { store, time } = context
  const ask = async (options: RunOptions): Promise<Busy | Granted> => {
    const startedAt = time.now()
    const answer: Answer = await store.run(acquire, claim, options)
    if (!answer.granted) return answer
    if (elapsedMs(startedAt, time.now()) >= usableMs(claim.ttlMs)) throw tooLate(claim)
    return { granted: true, grant: { ...claim, fence: answer.fence, startedAt } }
  }
  try {
    return await askTwice(time, ask, mayAskAgain)
  } catch (error) {
    if (mayHaveApplied(error)) context.orphans.free(claim)
    throw error
  }
}

/**
 * Asks until the lock is granted or the plan ends.
 *
 * @throws LockBusyError, LockTimeoutError, StoreUnavailableError, and the signal's reason
 */
export async function acquireGrant(
  context: LockContext,
  claim: NamedClaim,
  { waitMs, retry, signal }: AcquirePlan,
): Promise<Grant> {
  const { time } = context
  const startedAt = time.now()
  const waitedMs = (): number => time.now().monotonicMs - startedAt.monotonicMs
  const isWaitLeft = (): boolean => waitedMs() < waitMs && !signal?.aborted
  signal?.throwIfAborted()
  for (let attempts = 1; ; attempts++) {
    const outcome = await attempt(context, claim, isWaitLeft)
    if (outcome.granted) return keepUnlessAborted(context, outcome.grant, signal)
    signal?.throwIfAborted()
    const { lockName } = claim
    const { remainingMs } = outcome
    if (waitMs === 0) throw new LockBusyError({ lockName, remainingMs })
    const leftMs = waitMs - waitedMs()
    if (leftMs <= 0 || attempts >= retry.attempts) {
      throw new LockTimeoutError({ lockName, remainingMs, waitedMs: waitedMs(), attempts })
    }
    const backoffMs = pauseMs(retry, attempts, Math.random())
    await time.sleep(Math.max(1, Math.min(backoffMs, remainingMs, leftMs)), signal)
  }
}

function keepUnlessAborted(
  context: LockContext,
  grant: Grant,
  signal: AbortSignal | undefined,
): Grant {
  if (!signal?.aborted) return grant
  context.orphans.free(grant)
  throw signal.reason
}

/** The lease was granted, and its time was over before the reply could be used. */
function tooLate({ lockName, ttlMs }: NamedClaim): StoreUnavailableError {
  return new StoreUnavailableError(
    'timeout',
    `Lock ${JSON.stringify(lockName)} was granted for ${ttlMs} ms, and the reply came when they were over. ` +
      'Choose a longer "ttl".',
  )
}
