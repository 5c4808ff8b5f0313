import { createCache, type Cache } from '@sluice/core'
import { memoryStore } from '@sluice/core/memory'
import {
  flakyStore,
  manualClock,
  manualFaults,
  type ManualClock,
  type ManualFaults,
} from '@sluice/core/testing'
import type { ExpressSessionData } from '../src/express-session.ts'
import { heldStore, type HeldStore } from './stock-sessions.ts'

/** What the tests of stores keep in sessions. */
export interface Data extends ExpressSessionData {
  user?: string
  a?: number
}

export const minute = 60_000

/** A cache on memory, with a clock to move and faults to make. */
export interface MemoryBench {
  readonly cache: Cache
  readonly clock: ManualClock
  readonly faults: ManualFaults
  readonly held: HeldStore
  /** How many keys there are. */
  keys(): number | undefined
}

export function memoryBench(): MemoryBench {
  const clock = manualClock()
  const faults = manualFaults()
  const held = heldStore(flakyStore(memoryStore({ clock }), faults))
  const cache = createCache({ store: held.store, prefix: 'test' })
  return { cache, clock, faults, held, keys: () => cache.store.usage('')?.stateKeys }
}

/** A session as express-session gives it to a store; `undefined` for a cookie that ends with the browser. */
export function session(more: Partial<Data> = {}, endsInMs: number | undefined = minute): Data {
  const expires = endsInMs === undefined ? null : new Date(Date.now() + endsInMs)
  return { cookie: { originalMaxAge: endsInMs ?? null, expires }, ...more }
}
