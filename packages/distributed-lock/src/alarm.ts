import { onAbort, timerMs } from '@sluice/core/extend'
import type { LocalTime } from './local-time.ts'

/** Wakes one sleeper, however often and however early it rings. */
export interface Alarm {
  ring(): void
  /**
   * Sleeps until it rings, or has rung since the last time, or nothing is left. Keeps the process alive.
   *
   * @returns true when it rang
   * @throws the signal's reason as soon as it aborts
   */
  sleep(leftMs: () => number, signal: AbortSignal | undefined): Promise<boolean>
}

const rang = new Error('The alarm rang')

/** Makes an alarm that has not rung. */
export function createAlarm(time: LocalTime): Alarm {
  let hasRung = false
  let wake = (): void => undefined
  return {
    ring() {
      hasRung = true
      wake()
    },
    async sleep(leftMs, signal) {
      const end = new AbortController()
      wake = () => end.abort(rang)
      const leave = signal && onAbort(signal, () => end.abort(signal.reason))
      try {
        signal?.throwIfAborted()
        while (!hasRung && leftMs() > 0) {
          await time.sleep(timerMs(leftMs()), end.signal)
        }
      } catch (error) {
        if (error !== rang) throw error
      } finally {
        leave?.()
      }
      const answer = hasRung
      hasRung = false
      return answer
    },
  }
}
