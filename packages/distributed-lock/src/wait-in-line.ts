import { StoreUnavailableError } from '@sluice/core'
import { createAlarm } from './alarm.ts'
import { attempt, type Busy } from './attempt.ts'
import { LockTimeoutError } from './errors.ts'
import type { Grant, LockContext, NamedClaim } from './lock.ts'
import { mayHaveApplied } from './lost-reply.ts'
import { placeMs } from './operations/line.ts'
import type { AcquirePlan } from './options.ts'

/**
 * Takes the lock, or a place in the line and sleeps until it is told that it was served. Being told is a hint: only the
 * store's answer to the question that follows, counted from before that was sent, makes a lease. Whoever gives up leaves
 * the line, or passes on what it was given, in the background.
 *
 * @throws LockTimeoutError, StoreUnavailableError, and the signal's reason
 */
export async function waitInLine(
  context: LockContext,
  claim: NamedClaim,
  { waitMs, signal }: AcquirePlan,
): Promise<Grant> {
  const { time, room, orphans } = context
  const startedAtMs = time.now().monotonicMs
  const waitedMs = (): number => time.now().monotonicMs - startedAtMs
  const leftMs = (): number => waitMs - waitedMs()
  const alarm = createAlarm(time)
  const options = {
    channel: room.channel,
    mayAskAgain: () => leftMs() > 0 && signal?.aborted !== true,
  }
  let place: Busy | undefined
  let failure: unknown
  const heard = (error: unknown): void => {
    failure = error
  }
  const { key, token, retentionMs } = claim
  const waiter = { key, token, retentionMs, wake: alarm.ring, heard }
  room.expect(waiter)
  try {
    for (let attempts = 1; ; attempts++) {
      try {
        const hearing = room.hearing()
        const outcome = await attempt(context, claim, options)
        if (outcome.granted) return outcome.grant
        place = outcome
        heard(undefined)
        room.enter(waiter, { ...outcome, hearing })
      } catch (error) {
        heard(error)
        // The line moves on without this answer: there is time to ask again.
        if (place === undefined || !(error instanceof StoreUnavailableError)) throw error
        room.attendSoon(waiter)
      }
      if (await alarm.sleep(leftMs, signal)) continue
      const { lockName } = claim
      const { remainingMs } = place
      throw (
        failure ?? new LockTimeoutError({ lockName, remainingMs, waitedMs: waitedMs(), attempts })
      )
    }
  } catch (error) {
    if (place !== undefined || mayHaveApplied(error)) {
      orphans.free(claim, Math.max(claim.ttlMs, placeMs))
    }
    throw error
  } finally {
    room.leave(waiter)
  }
}
