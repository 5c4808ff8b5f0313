import { StoreClosedError } from './errors.ts'
import type { Subscription } from './store.ts'

/** What a closed store answers to `subscribe`. */
export function closedSubscription(): Subscription {
  const ready = Promise.reject<void>(new StoreClosedError())
  ready.catch(() => undefined)
  return { ready, close: () => undefined }
}
