import { attemptOnce } from './attempt.ts'
import { LockBusyError, LockTimeoutError } from './errors.ts'
import type { Grant, LockContext, NamedClaim } from './lock.ts'
import type { AcquirePlan } from './options.ts'
import { pauseMs, type RetryPlan } from './retry.ts'
import { waitInLine } from './wait-in-line.ts'

/**
 * Asks until the lock is granted or the plan ends.
 *
 * @throws LockBusyError, LockTimeoutError, StoreUnavailableError, and the signal's reason
 */
export async function acquireGrant(
  context: LockContext,
  claim: NamedClaim,
  plan: AcquirePlan,
): Promise<Grant> {
  const { waitMs, retry, signal } = plan
  signal?.throwIfAborted()
  const asked =
    waitMs > 0 && retry === undefined
      ? waitInLine(context, claim, plan)
      : askAgainAndAgain(context, claim, plan, retry)
  const grant = await asked
  if (!signal?.aborted) return grant
  context.orphans.free(grant)
  throw signal.reason
}

async function askAgainAndAgain(
  context: LockContext,
  claim: NamedClaim,
  { waitMs, signal }: AcquirePlan,
  retry: RetryPlan | undefined,
): Promise<Grant> {
  const { time } = context
  const startedAt = time.now()
  const waitedMs = (): number => time.now().monotonicMs - startedAt.monotonicMs
  const mayAskAgain = (): boolean => waitedMs() < waitMs && !signal?.aborted
  for (let attempts = 1; ; attempts++) {
    const outcome = await attemptOnce(context, claim, { mayAskAgain })
    if (outcome.granted) return outcome.grant
    signal?.throwIfAborted()
    const { lockName } = claim
    const { remainingMs } = outcome
    if (waitMs === 0 || retry === undefined) throw new LockBusyError({ lockName, remainingMs })
    const leftMs = waitMs - waitedMs()
    if (leftMs <= 0 || attempts >= retry.attempts) {
      throw new LockTimeoutError({ lockName, remainingMs, waitedMs: waitedMs(), attempts })
    }
    const backoffMs = pauseMs(retry, attempts, Math.random())
    await time.sleep(Math.max(1, Math.min(backoffMs, remainingMs, leftMs)), signal)
  }
}
