import { StoreUnavailableError } from '@sluice/core'
import type { RunOptions } from '@sluice/core/extend'
import { LockNotReplicatedError } from './errors.ts'
import type { LocalTime } from './local-time.ts'

/** A Redis client is back about 100 ms after its connection was cut. */
const reconnectMs = 200
/** The second question is answered soon or not at all: with it, a call settles within about a second. */
const secondAskMs = 250

/** True when the store may have done what it was asked, though the caller was not told so. */
export function mayHaveApplied(error: unknown): boolean {
  return error instanceof LockNotReplicatedError || isReplyLost(error)
}

function isReplyLost(error: unknown): boolean {
  return (
    error instanceof StoreUnavailableError &&
    (error.reason === 'timeout' || error.reason === 'disconnected')
  )
}

/**
 * Asks once more when the reply was lost. Only for what carries a token that the store recognises.
 *
 * @param ask told whether it is the second time
 * @param mayAskAgain asked after the first time
 */
export async function askTwice<Answer>(
  time: LocalTime,
  ask: (options: RunOptions, again: boolean) => Promise<Answer>,
  mayAskAgain: () => boolean = () => true,
): Promise<Answer> {
  try {
    return await ask({}, false)
  } catch (error) {
    if (!isReplyLost(error) || !mayAskAgain()) throw error
    if (error instanceof StoreUnavailableError && error.reason === 'disconnected') {
      await time.sleep(reconnectMs)
    }
    return ask({ deadlineMs: secondAskMs }, true)
  }
}
