import type { Store } from '@sluice/core'
import { copiesOf, type Copies } from './copies.ts'

/** What a call found: a value that nobody else has, or copies of one that others may have too. */
export type Found = { readonly value: unknown } | { readonly copies: Copies }

/** One reading of a key, and its load on a miss, which all who ask meanwhile share. */
interface Call {
  readonly callers: { count: number }
  readonly copies: Promise<Copies>
}

/** One load under way, for callers who wait or in the background. */
export interface Load {
  /** What was loaded, when it is written. */
  readonly copies: Promise<Copies>
  /** True once a delete or a set has overtaken the load: what it brings must not be written. */
  fenced: boolean
  /** The write under way, which never rejects. */
  write: Promise<void> | undefined
}

/** The flights of one store, by id. */
export interface Flights {
  /** Joins the call for this id, or makes it. Each caller gets a copy of its own, or the shared error. */
  share(id: string, find: () => Promise<Found>): Promise<unknown>
  /** The load under way. Never one that is fenced. */
  loading(id: string): Load | undefined
  /** Registers a load until it settles. `run` starts after that, so that it can be fenced from its first step on. */
  load(id: string, run: (load: Load) => Promise<Copies>): Load
  /**
   * Makes a change of the entry that nothing begun before it undoes: a load under way is fenced, a write under way is
   * waited for, and who calls after the change joins nothing that may have seen the entry before it.
   */
  overtake<Result>(id: string, change: () => Promise<Result>): Promise<Result>
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
  const loads = new Map<string, Load>()
  return {
    share: (id, find) => shareCall(calls, id, find),
    loading: (id) => loads.get(id),
    load(id, run) {
      const load: Load = {
        copies: Promise.resolve()
          .then(() => run(load))
          .finally(() => {
            if (loads.get(id) === load) loads.delete(id)
          }),
        fenced: false,
        write: undefined,
      }
      loads.set(id, load)
      return load
    },
    async overtake(id, change) {
      calls.delete(id)
      const load = loads.get(id)
      if (load !== undefined) {
        loads.delete(id)
        load.fenced = true
        await load.write
      }
      try {
        return await change()
      } finally {
        // A call that came during the change may have read the entry as it was.
        calls.delete(id)
      }
    },
  }
}

async function shareCall(
  calls: Map<string, Call>,
  id: string,
  find: () => Promise<Found>,
): Promise<unknown> {
  let call = calls.get(id)
  if (call === undefined) {
    const callers = { count: 0 }
    call = { callers, copies: land(calls, id, callers, find) }
    calls.set(id, call)
  }
  call.callers.count++
  const copies = await call.copies
  return copies()
}

/** Ends the call in the same step in which its callers are counted: nobody joins in between. */
async function land(
  calls: Map<string, Call>,
  id: string,
  callers: Call['callers'],
  find: () => Promise<Found>,
): Promise<Copies> {
  try {
    const found = await find()
    if ('copies' in found) return found.copies
    return callers.count === 1 ? () => found.value : copiesOf(found.value)
  } finally {
    if (calls.get(id)?.callers === callers) calls.delete(id)
  }
}
