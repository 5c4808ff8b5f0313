import type { LocalTime } from './local-time.ts'

/** Calls back after a while: one timer for everything that one `createLocks` waits for. It keeps no process alive. */
export interface Ticker {
  /** Calls back once and answers how to cancel. */
  after(ms: number, callback: () => void): () => void
}

interface Task {
  readonly dueMs: number
  readonly callback: () => void
}

/** A timer may fire a little early by the clock that measures it. */
const toleranceMs = 1

/** Tasks are listed by their span: within one list they fall due in the order in which they came. */
export function createTicker(time: LocalTime): Ticker {
  const lists = new Map<number, Set<Task>>()
  let armedMs = Number.POSITIVE_INFINITY
  let disarm = (): void => undefined
  const nowMs = (): number => time.now().monotonicMs

  const arm = (): void => {
    let nextMs = Number.POSITIVE_INFINITY
    for (const [{ dueMs } = { dueMs: nextMs }] of lists.values()) nextMs = Math.min(nextMs, dueMs)
    if (nextMs === armedMs) return
    disarm()
    armedMs = nextMs
    if (nextMs !== Number.POSITIVE_INFINITY) disarm = time.after(nextMs - nowMs(), run)
  }
  const take = (span: number, task: Task): void => {
    const list = lists.get(span)
    list?.delete(task)
    if (list?.size === 0) lists.delete(span)
  }
  const run = (): void => {
    armedMs = Number.POSITIVE_INFINITY
    disarm = () => undefined
    const dueMs = nowMs() + toleranceMs
    const due: Task[] = []
    for (const [span, list] of lists) {
      for (const task of list) {
        if (task.dueMs > dueMs) break
        take(span, task)
        due.push(task)
      }
    }
    arm()
    for (const { callback } of due.toSorted((a, b) => a.dueMs - b.dueMs)) callback()
  }

  return {
    after(ms, callback) {
      const task = { dueMs: nowMs() + ms, callback }
      const list = lists.get(ms)
      if (list === undefined) lists.set(ms, new Set([task]))
      else list.add(task)
      if (task.dueMs < armedMs) arm()
      return () => {
        take(ms, task)
        // The timer is left to find nothing, unless nothing at all is left for it.
        if (lists.size === 0) arm()
      }
    },
  }
}
