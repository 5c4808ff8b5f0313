import { timerMs } from '@sluice/core/extend'

/** Work that nobody waits for, until somebody wants it to end. */
export interface Tasks {
  /** False once `drain` was called: nothing new is begun. */
  readonly open: boolean
  /**
   * @param task must not reject
   * @param drop what is done to it when it takes too long to drain
   */
  add(task: Promise<unknown>, drop: () => void): void
  /** Begins nothing new, and resolves when everything has ended, or is dropped after that long. */
  drain(withinMs: number): Promise<void>
}

/** Makes room for background work. */
export function createTasks(): Tasks {
  const running = new Map<Promise<unknown>, () => void>()
  let isOpen = true
  return {
    get open() {
      return isOpen
    },
    add(task, drop) {
      running.set(task, drop)
      void task.finally(() => running.delete(task))
    },
    async drain(withinMs) {
      isOpen = false
      let timer: NodeJS.Timeout | undefined
      const bound = new Promise((resolve) => {
        timer = setTimeout(resolve, timerMs(withinMs))
      })
      await Promise.race([Promise.all(running.keys()), bound])
      clearTimeout(timer)
      for (const drop of [...running.values()]) drop()
    },
  }
}
