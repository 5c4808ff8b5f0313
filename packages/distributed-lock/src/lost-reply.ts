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
  return (
    error instanceof LockNotReplicatedError ||
    (error instanceof StoreUnavailableError && error.mayHaveApplied)
  )
}

/**
 * Asks once more when there was no answer. Only for what carries a token that the store recognises.
 *
 * @param ask told whether the store may have done it at the first asking
 * @param mayAskAgain asked after the first time
 * @throws of two errors the one that leaves open whether it was done
 */
export async function askTwice<Answer>(
  time: LocalTime,
  ask: (options: RunOptions, mayBeDone: boolean) => Promise<Answer>,
  mayAskAgain: () => boolean = () => true,
): Promise<Answer> {
  try {
    return await ask({}, false)
  } catch (error) {
    if (!isWorthAsking(error) || !mayAskAgain()) throw error
    if (error.reason === 'disconnected') await time.sleep(reconnectMs)
    return ask({ deadlineMs: secondAskMs }, error.mayHaveApplied).catch((second: unknown) => {
      throw error.mayHaveApplied && !mayHaveApplied(second) ? error : second
    })
  }
}

/** A store that refuses, or has failed several times, would do so again. */
function isWorthAsking(error: unknown): error is StoreUnavailableError {
  return (
    error instanceof StoreUnavailableError &&
    (error.reason === 'timeout' || error.reason === 'disconnected')
  )
}
