import { isDueEarly } from './early-refresh.ts'
import { isEntry, type Entry } from './entry.ts'
import type { Flights, Found, Load } from './flights.ts'
import { reportFailure, type Ask, type LoadOptions, type LoadRunner } from './loader.ts'
import type { GuardConfig } from './options.ts'
import { isStoreFailure } from './store-failure.ts'

/** Finds values: in the cache, in a load under way, or by a load of its own. */
export function createFinder(
  { cache, beta, clock, random }: GuardConfig,
  flights: Flights,
  runner: LoadRunner,
): (ask: Ask) => Promise<unknown> {
  const start = (ask: Ask, options: LoadOptions): Load =>
    flights.load(ask.id, (load) => runner.run(ask, options, load))

  /** The entry, `undefined` on a miss, or `'failed'` when the store could not tell. */
  async function read(key: string): Promise<Entry | 'failed' | undefined> {
    try {
      const found = await cache.get(key)
      return isEntry(found) ? found : undefined
    } catch (error) {
      if (!isStoreFailure(error)) throw error
      reportFailure({ verb: 'get', instead: 'load', error })
      return 'failed'
    }
  }

  /** Nobody waits for a refresh, and one at a time is enough. When it fails, the entry lives on until its ttl. */
  function refreshIfDue(ask: Ask, entry: Entry): void {
    if (!isDueEarly(entry, beta, clock.now(), random())) return
    start(ask, { fill: true, previousLoadMs: entry.loadMs }).copies.catch((error: unknown) =>
      reportFailure({ verb: 'refresh', instead: 'keep', error }),
    )
  }

  async function find(ask: Ask): Promise<Found> {
    // A load may land while this read is under way: then what was read is not refreshed, nor what was missed loaded, again.
    const before = flights.loading(ask.id)
    const entry = await read(ask.key)
    const loading = flights.loading(ask.id) ?? before
    if (entry !== undefined && entry !== 'failed') {
      if (loading === undefined) refreshIfDue(ask, entry)
      return { value: entry.value }
    }
    const load = loading ?? start(ask, { fill: entry !== 'failed' })
    return { copies: await load.copies }
  }

  return (ask) => flights.share(ask.id, () => find(ask))
}
