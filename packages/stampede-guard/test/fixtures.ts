import { channel } from 'node:diagnostics_channel'
import { createCache, type Cache, type Store } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import { manualClock, type ManualClock } from '@sluice/core/testing'
import { createGuard, type Guard, type GuardOptions } from '@sluice/stampede-guard'
import { onTestFinished } from 'vitest'

/** A guard on memory, whose time stands still. */
export interface Bench {
  readonly clock: ManualClock
  readonly cache: Cache
  readonly guard: Guard
}

/** Never refreshes early unless a test says so. */
export function createBench(
  options: Partial<GuardOptions> & { wrapStore?: (store: Store) => Store } = {},
): Bench {
  const { wrapStore = (store: Store) => store, ...guardOptions } = options
  const clock = manualClock()
  const cache = createCache({ store: wrapStore(memoryStore({ clock })) })
  const guard = createGuard({ cache, ttl: '1m', clock, random: () => 0, ...guardOptions })
  return { clock, cache, guard }
}

/** A loader that a test lets go. */
export interface Gate<Value> {
  readonly load: () => Promise<Value>
  readonly open: (value: Value) => void
  readonly fail: (error: Error) => void
  /** How often it was called. */
  readonly calls: () => number
}

/** A loader whose every call waits for one `open` or `fail`. */
export function createGate<Value>(): Gate<Value> {
  const { promise, resolve, reject } = withResolvers<Value>()
  let calls = 0
  return {
    load: () => {
      calls++
      return promise
    },
    open: resolve,
    fail: reject,
    calls: () => calls,
  }
}

/** Lets everything go on that waits for nothing but its turn. */
export async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

/** What the guard reported during this test. */
export function recordFailures(): unknown[] {
  const failures: unknown[] = []
  const record = (failure: unknown) => void failures.push(failure)
  const failing = channel('sluice:stampede-guard:failure')
  failing.subscribe(record)
  onTestFinished(() => {
    failing.unsubscribe(record)
  })
  return failures
}

function withResolvers<Value>() {
  let settle: { resolve: (value: Value) => void; reject: (error: Error) => void } | undefined
  const promise = new Promise<Value>((resolve, reject) => (settle = { resolve, reject }))
  return {
    promise,
    resolve: (value: Value) => settle?.resolve(value),
    reject: (error: Error) => settle?.reject(error),
  }
}
