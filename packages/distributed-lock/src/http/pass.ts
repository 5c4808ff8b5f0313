import type { Exchange } from '@sluice/core/http'
import { holderOf } from '../current-lock.ts'
import type { LocalTime } from '../local-time.ts'
import type { Lock } from '../lock.ts'

/** Lets a request go on. */
export interface Pass {
  /** The lock that the request has; `undefined` when it needs none. */
  readonly lock: Lock | undefined
  /**
   * Goes on to the handler, with the lock as its current one. The lock is given back when the response is closed and the
   * handler is over, which a promise tells. Without a promise, a handler whose client has gone is over when it answers
   * all the same, or when the lease that it had by then ends.
   */
  run<Result>(next: () => Result): Result
}

/** For a request that needs no lock. */
export const freePass: Pass = { lock: undefined, run: (next) => next() }

/** For a request that was granted its lock just now. */
export function createPass(time: LocalTime, exchange: Exchange, lock: Lock): Pass {
  const holder = holderOf(lock)
  const closed = new Promise<void>((resolve) => exchange.onClosed(resolve))
  const answered = new Promise<void>((resolve) =>
    exchange.beforeHeaders(() => {
      resolve()
      return undefined
    }),
  )
  const guessEnd = async (): Promise<void> => {
    await closed
    await settlesWithin(time, lock.remainingMs, answered)
  }
  const giveBackAfter = async (end: Promise<unknown>): Promise<void> => {
    await Promise.allSettled([closed, end])
    holder.end()
    await lock[Symbol.asyncDispose]()
  }
  return {
    lock,
    run(next) {
      const result = holder.run(next)
      void giveBackAfter(result instanceof Promise ? result : guessEnd())
      return result
    },
  }
}

/** Waits for a promise, and for so long at the most. */
async function settlesWithin(time: LocalTime, ms: number, promise: Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    const cancel = time.after(ms, resolve)
    void promise.then(() => {
      cancel()
      resolve()
    })
  })
}
