import type { NearSource } from '../near-source.ts'
import type { Payload } from '../payload.ts'
import type { Store } from '../store.ts'
import type { NearEntries } from './near-entries.ts'
import type { Watches } from './watches.ts'

/** What a near store counts as it happens. */
export interface NearCounts {
  hits: number
  misses: number
  invalidations: number
}

/** What the reads of a near store work with. */
export interface NearParts {
  readonly store: Store
  readonly source: NearSource
  readonly entries: NearEntries
  readonly watches: Watches
  readonly counts: NearCounts
}

/** A sweep over more keys than this is not kept: it would push out what is read often. */
const mostAtOnce = 1000

type NearReads = Pick<Store, 'get' | 'getMany'>

/** Reads from memory, and asks the store for what is not there. */
export function nearReads({ store, source, entries, watches, counts }: NearParts): NearReads {
  /** Without a watch that listens it is the plain read of the store. */
  async function ask(
    keys: readonly string[],
    plain: () => Promise<readonly (Payload | undefined)[]>,
  ): Promise<readonly (Payload | undefined)[]> {
    const nowMs = performance.now()
    counts.misses += keys.length
    if (keys.length > mostAtOnce) return plain()
    const flights = keys.map((key) => {
      const watch = watches.listening(key, nowMs)
      return watch && entries.takeOff(key, watch, nowMs)
    })
    if (flights.every((flight) => flight === undefined)) return plain()
    try {
      const found = await source.read(keys)
      flights.forEach((flight, at) => flight?.land(found[at]))
      return found.map((one) => one?.payload)
    } finally {
      for (const flight of flights) flight?.end()
    }
  }

  const now = (key: string): Payload | undefined => {
    const payload = entries.serve(key, performance.now())
    if (payload !== undefined) counts.hits++
    return payload
  }
  const get = async (key: string): Promise<Payload | undefined> =>
    now(key) ?? (await ask([key], async () => [await store.get(key)]))[0]
  return {
    get: Object.assign(get, { now }),
    async getMany(keys) {
      const nowMs = performance.now()
      const payloads = new Map(keys.map((key) => [key, entries.serve(key, nowMs)]))
      const missing = [...payloads.keys()].filter((key) => payloads.get(key) === undefined)
      counts.hits += payloads.size - missing.length
      if (missing.length > 0) {
        const found = await ask(missing, () => store.getMany(missing))
        missing.forEach((key, at) => payloads.set(key, found[at]))
      }
      return keys.map((key) => payloads.get(key))
    },
  }
}
