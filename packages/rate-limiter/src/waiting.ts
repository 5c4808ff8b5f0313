import { onAbort, timerMs } from '@sluice/core/extend'
import type { Decision } from './decision.ts'
import { QueueFullError } from './errors.ts'

/** One that waits its turn. */
export interface WaitRequest {
  readonly key: string
  /** The longest wait, ms. */
  readonly maxWaitMs: number
  readonly signal: AbortSignal | undefined
  /** Asks for the units, and takes them if they are there. */
  take(): Promise<Decision>
  /** Asks without taking, for one whose turn never came. */
  look(): Promise<Decision>
}

/** Callers that wait until they are allowed: first come, first served, for each key in this process. */
export interface Waiting {
  /** @throws QueueFullError when too many wait; the signal's reason when it aborts; what `take` throws */
  wait(request: WaitRequest): Promise<Decision>
}

interface Line {
  waiting: number
  /** Settles when all that have come so far are done. */
  last: Promise<unknown>
}

/** @param most how many callers wait for one key */
export function createWaiting(most: number): Waiting {
  const lines = new Map<string, Line>()

  return {
    async wait(request) {
      const { key, signal } = request
      signal?.throwIfAborted()
      const line = lines.get(key) ?? { waiting: 0, last: Promise.resolve() }
      if (line.waiting >= most) throw new QueueFullError(most)
      lines.set(key, line)
      line.waiting++
      const turn = line.last
      const done = serve(request, turn)
      // One that gives up early does not let those behind it overtake those before it.
      line.last = Promise.allSettled([turn, done])
      try {
        return await done
      } finally {
        if (--line.waiting === 0) lines.delete(key)
      }
    },
  }
}

async function serve(request: WaitRequest, turn: Promise<unknown>): Promise<Decision> {
  const { maxWaitMs, signal, take, look } = request
  const untilMs = performance.now() + maxWaitMs
  if (!(await comes(turn, maxWaitMs, signal))) {
    return { ...(await look()), allowed: false, granted: 0 }
  }
  for (;;) {
    const decision = await take()
    const { allowed, retryAfterMs } = decision
    if (allowed || retryAfterMs === undefined) return decision
    const waitMs = Math.max(1, retryAfterMs)
    if (performance.now() + waitMs > untilMs) return decision
    await comes(new Promise(() => undefined), waitMs, signal)
  }
}

/** True when the turn comes in time, false when the time is over first. @throws the signal's reason when it aborts */
function comes(
  turn: Promise<unknown>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    // It may have aborted while the limiter was asked.
    signal?.throwIfAborted()
    const settle = (end: () => void): void => {
      clearTimeout(timer)
      leave?.()
      end()
    }
    const leave = signal && onAbort(signal, () => settle(() => reject(signal.reason as Error)))
    const timer = setTimeout(() => settle(() => resolve(false)), timerMs(ms))
    void turn.then(() => settle(() => resolve(true)))
  })
}
