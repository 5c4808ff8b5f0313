import type { Store } from '@sluice/core'
import { shareCall, type Call, type Crowd, type Found } from './calls.ts'
import type { Copies } from './copies.ts'
import { createLoads, type Load } from './loads.ts'

/** The flights of one store, by id. */
export interface Flights {
  /** Joins the call for this id, or makes it. Each caller gets a copy of its own, or the shared error. */
  share(
    id: string,
    find: (crowd: Crowd) => Promise<Found>,
    signal: AbortSignal | undefined,
  ): Promise<unknown>
  /** The load under way. Never one that is fenced. */
  loading(id: string): Load | undefined
  /** Registers a load until it settles. `run` starts after that, so that it can be fenced from its first step on. */
  load(id: string, tags: readonly string[], run: (load: Load) => Promise<Copies | undefined>): Load
  /** Nobody joins this load any more; it may go on. */
  leave(id: string, load: Load): void
  /**
   * Makes a change of the entry that nothing begun before it undoes: a load under way is fenced, a write under way is
   * waited for, and who calls after the change joins nothing that may have seen the entry before it.
   */
  overtake<Result>(id: string, change: () => Promise<Result>): Promise<Result>
  /** As `overtake`, for every id that begins so. */
  overtakeAll<Result>(scope: string, change: () => Promise<Result>): Promise<Result>
  /** As `overtake`, for what depends on a tag. */
  invalidate<Result>(
    scope: string,
    tags: readonly string[],
    change: () => Promise<Result>,
  ): Promise<Result>
  /** Tells on what a load depends besides: it is fenced if that was invalidated since it began. */
  addTags(load: Load, tags: readonly string[]): void
  /** How many invalidations there were. */
  invalidations(): number
}

const byStore = new WeakMap<Store, Flights>()

/** All guards on one store share its flights: what one deletes, no other writes back. */
export function flightsOf(store: Store): Flights {
  const known = byStore.get(store)
  if (known !== undefined) return known
  const flights = createFlights()
  byStore.set(store, flights)
  return flights
}

function createFlights(): Flights {
  const calls = new Map<string, Call>()
  const loads = createLoads()
  let invalidations = 0

  /** Fences loads, waits for their writes, makes the change, and lets nobody join a call from before its end. */
  const change = async <Result>(
    scope: string,
    fenced: (id: string, load: Load) => boolean,
    make: () => Promise<Result>,
  ): Promise<Result> => {
    const forgetCalls = (): void => {
      for (const id of [...calls.keys()]) if (id.startsWith(scope)) calls.delete(id)
    }
    forgetCalls()
    await loads.fence((id, load) => id.startsWith(scope) && fenced(id, load))
    try {
      return await make()
    } finally {
      // A call that came during the change may have read the entry as it was.
      forgetCalls()
    }
  }

  return {
    share: (id, find, signal) => shareCall(calls, id, find, signal),
    loading: (id) => loads.at(id),
    load: (id, tags, run) => loads.start(id, tags, run),
    leave: (id, load) => loads.leave(id, load),
    async overtake(id, make) {
      calls.delete(id)
      await loads.fenceAt(id)
      try {
        return await make()
      } finally {
        calls.delete(id)
      }
    },
    overtakeAll: (scope, make) => change(scope, () => true, make),
    invalidate(scope, tags, make) {
      loads.hear(scope, { at: ++invalidations, tags })
      return change(scope, (_, load) => load.tags.some((tag) => tags.includes(tag)), make)
    },
    addTags: (load, tags) => loads.addTags(load, tags),
    invalidations: () => invalidations,
  }
}
