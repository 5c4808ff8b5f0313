import type { Messages } from './messages.ts'

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

/** Makes room for waiters. The messages are listened to from the first one on. */
export function createWaits(messages: Messages, random: () => number): Waits {
  const waiting = new Map<string, Set<(woken: Woken) => void>>()
  let isListening = false

  const listen = (): void => {
    if (isListening) return
    isListening = true
    messages.listen({
      onMessage(kind, key) {
        if (kind !== 'filled' && kind !== 'failed') return
        for (const wake of [...(waiting.get(key) ?? [])]) wake(kind)
      },
      onGap() {
        for (const wakes of [...waiting.values()]) for (const wake of [...wakes]) wake('time')
      },
    })
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
