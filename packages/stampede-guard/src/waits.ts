import type { MessageListener, Messages } from './messages.ts'

/** Why a wait is over. */
export type Woken = 'filled' | 'failed' | 'time'

/** Waits for what other processes load. */
export interface Waits {
  /**
   * Resolves when another process tells of the key, and after a while in any case: a message may be lost, and a process that
   * died tells nothing.
   *
   * @param remainingMs when its lease ends
   * @param attempt how often was waited before
   */
  next(key: string, remainingMs: number, attempt: number): Promise<Woken>
}

const [shortestMs, longestMs] = [25, 200]
/** Who has not waited for so long, twice that at the most, is not told of the loads of others any more. */
const restAfterMs = 30_000

/** Makes room for waiters. The messages are listened to while there are some, and for a while after the last. */
export function createWaits(messages: Messages, random: () => number): Waits {
  const waiting = new Map<string, Set<(woken: Woken) => void>>()
  let hasWaited = false
  let watch: NodeJS.Timeout | undefined

  const listener: MessageListener = {
    onMessage(kind, key) {
      if (kind !== 'filled' && kind !== 'failed') return
      for (const wake of [...(waiting.get(key) ?? [])]) wake(kind)
    },
    onGap() {
      for (const wakes of [...waiting.values()]) for (const wake of [...wakes]) wake('time')
    },
  }
  const restUnlessUsed = (): void => {
    if (!hasWaited && waiting.size === 0) {
      clearInterval(watch)
      watch = undefined
      messages.rest()
    }
    hasWaited = false
  }
  const listen = (): void => {
    hasWaited = true
    if (watch !== undefined) return
    watch = setInterval(restUnlessUsed, restAfterMs).unref()
    messages.listen(listener)
  }
  return {
    next(key, remainingMs, attempt) {
      listen()
      const pauseMs = Math.min(shortestMs * 2 ** attempt, longestMs) * (1 - random() / 2)
      return new Promise((resolve) => {
        const wakes = waiting.get(key) ?? new Set()
        waiting.set(key, wakes)
        const wake = (woken: Woken): void => {
          clearTimeout(timer)
          wakes.delete(wake)
          if (wakes.size === 0 && waiting.get(key) === wakes) waiting.delete(key)
          resolve(woken)
        }
        const timer = setTimeout(wake, Math.max(1, Math.min(pauseMs, remainingMs + 1)), 'time')
        wakes.add(wake)
      })
    },
  }
}
