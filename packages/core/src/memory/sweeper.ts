import type { Clock } from '../clock.ts'
import type { Entries } from './entries.ts'

const everyMs = 1000
const mostAtOnce = 10_000

/** Removes what has expired, every second and in bounded steps. Never keeps the process alive. */
export function startSweeper(entries: Entries, clock: Clock): { stop(): void } {
  let timer: NodeJS.Timeout | undefined
  const schedule = (delayMs: number): void => {
    timer = setTimeout(sweep, delayMs).unref()
  }
  const sweep = (): void => {
    const more = entries.sweep(clock.now(), mostAtOnce)
    schedule(more ? 1 : everyMs)
  }
  schedule(everyMs)
  return {
    stop() {
      clearTimeout(timer)
    },
  }
}
