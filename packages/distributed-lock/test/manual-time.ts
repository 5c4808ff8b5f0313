import type { LocalTime } from '../src/local-time.ts'

/** Clocks and timers that a test moves: no test waits for time to pass. */
export interface ManualTime extends LocalTime {
  /** Moves both clocks to the end of the span, and runs each timer that falls due when it does. */
  advance(ms: number): Promise<void>
  /** Moves the wall clock alone: somebody set it, or the machine slept. */
  jumpWall(ms: number): void
  /** Moves both clocks and runs no timer: the event loop is blocked. */
  block(ms: number): void
  /** How many timers are armed. */
  timers(): number
}

interface Timer {
  readonly atMs: number
  readonly callback: () => void
}

/** Starts at some moment, with the wall clock apart from the monotonic one. */
export function manualTime(): ManualTime {
  let monotonicMs = 5000
  let wallMs = Date.UTC(2026, 0, 1)
  const timers = new Set<Timer>()
  const move = (ms: number): void => {
    monotonicMs += ms
    wallMs += ms
  }
  const after = (ms: number, callback: () => void): (() => void) => {
    const timer = { atMs: monotonicMs + Math.max(1, ms), callback }
    timers.add(timer)
    return () => timers.delete(timer)
  }
  const nextDue = (untilMs: number): Timer | undefined =>
    [...timers].filter(({ atMs }) => atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0]

  return {
    now: () => ({ monotonicMs, wallMs }),
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const onAbort = (): void => {
          cancel()
          reject(signal?.reason as Error)
        }
        const cancel = after(ms, () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        })
        if (signal?.aborted) onAbort()
        else signal?.addEventListener('abort', onAbort, { once: true })
      }),
    async advance(ms) {
      const untilMs = monotonicMs + ms
      await settled()
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        timers.delete(timer)
        move(Math.max(0, timer.atMs - monotonicMs))
        timer.callback()
        await settled()
      }
      move(untilMs - monotonicMs)
    },
    jumpWall(ms) {
      wallMs += ms
    },
    block: move,
    timers: () => timers.size,
  }
}

/** Resolves when every promise that can go on has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
