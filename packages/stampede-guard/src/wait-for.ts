import { timerMs } from '@sluice/core/extend'
import type { Crowd } from './calls.ts'
import type { Copies } from './copies.ts'
import { LoadTimeoutError } from './errors.ts'
import type { Flights } from './flights.ts'
import type { Load } from './loads.ts'
import type { Ask } from './loader.ts'

/** Who waits for a load. */
export interface Waiter {
  readonly ask: Ask
  readonly crowd: Crowd
  readonly flights: Flights
  /** True when there is a stale value to serve instead. */
  readonly canFail: boolean
}

/**
 * What a load brings, or `'late'` when the soft timeout is over and there is something else to serve. The load goes on, unless
 * nobody wants it any more and the policy says that it shall not.
 *
 * @throws LoadTimeoutError when the hard timeout is over
 */
export async function waitFor(
  load: Load,
  { ask, crowd, flights, canFail }: Waiter,
): Promise<Copies | 'late' | undefined> {
  const { timeoutMs, softTimeoutMs, abortUnwanted } = ask.policy
  const isBounded = timeoutMs !== undefined || (canFail && softTimeoutMs !== undefined)
  if (!isBounded && !abortUnwanted) return load.copies
  const timers: NodeJS.Timeout[] = []
  let isOver = false
  load.waiting++
  try {
    return await new Promise((resolve, reject) => {
      if (canFail && softTimeoutMs !== undefined) {
        timers.push(setTimeout(resolve, timerMs(softTimeoutMs), 'late' as const))
      }
      if (timeoutMs !== undefined) {
        const late = (): void => reject(new LoadTimeoutError(ask.key, timeoutMs))
        timers.push(setTimeout(late, timerMs(timeoutMs)))
      }
      crowd.onEmpty = () => reject(unwanted())
      load.copies.finally(() => (isOver = true)).then(resolve, reject)
    })
  } finally {
    crowd.onEmpty = undefined
    for (const timer of timers) clearTimeout(timer)
    load.waiting--
    if (abortUnwanted && !isOver && load.waiting === 0) {
      flights.leave(ask.id, load)
      load.controller.abort(unwanted())
    }
  }
}

function unwanted(): Error {
  return new DOMException('Nobody waits for the value any more.', 'AbortError')
}
