import { callbackify } from 'node:util'
import { failureReporter } from '@sluice/core/extend'
import type { StoreMethod } from './express-session-types.ts'

const report = failureReporter('session-store')

/**
 * Makes a method of work that promises. With a callback it calls back once, on a turn of its own, so that what the
 * callback throws is the callback's. Where the place of the callback is empty nobody is waiting: a failure is reported.
 */
export function storeMethod<Args extends unknown[], Result>(
  verb: string,
  work: (...args: Args) => Promise<Result>,
): StoreMethod<Args, Result> {
  const call = (...given: unknown[]): unknown => {
    const args = given.slice(0, work.length) as Args
    const callback = given[work.length]
    if (typeof callback === 'function') {
      // The callback's type is the caller's word, as it is for every method of a store.
      const done = callback as (error: Error | null, result: Result) => void
      return callbackify(() => work(...args))(done)
    }
    const result = work(...args)
    if (given.length > work.length) {
      result.catch((error: unknown) => report({ verb, instead: 'ignored', error }))
    }
    return result
  }
  return call as StoreMethod<Args, Result>
}
