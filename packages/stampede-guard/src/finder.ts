import type { Crowd, Found } from './calls.ts'
import { isDueEarly } from './early-refresh.ts'
import type { Entry } from './entry.ts'
import { GuardClosedError } from './errors.ts'
import { isFailure, reportFailure } from './failures.ts'
import type { Flights } from './flights.ts'
import type { Load } from './loads.ts'
import { staleFor } from './freshness.ts'
import type { Ask, LoadOptions } from './loader.ts'
import type { GuardConfig } from './options.ts'
import type { Reader, Reading } from './reading.ts'
import type { LoadRunner } from './runner.ts'
import type { Tags } from './tags.ts'
import type { Tasks } from './tasks.ts'
import { createThrottle, type Throttle } from './throttle.ts'
import { waitFor } from './wait-for.ts'

/** Finds values: in the cache, in a load under way, or by a load of its own. */
export interface Finder {
  /** @param reading what the cache holds, when somebody is reading it already */
  find(ask: Ask, crowd: Crowd, reading?: Promise<Reading>): Promise<Found>
  /** Loads anew, whatever the cache holds. */
  refresh(ask: Ask, crowd: Crowd): Promise<Found>
}

/** What a finder works with. */
export interface FinderParts {
  readonly config: GuardConfig
  readonly flights: Flights
  readonly runner: LoadRunner
  readonly tags: Tags
  readonly tasks: Tasks
  readonly reader: Reader
}

/** What there is to serve while loading fails. */
interface Needed {
  readonly over: Entry | undefined
  readonly previous: Entry | undefined
  readonly fallback: Entry | undefined
  readonly fill: boolean
}

/** Makes the finding half of a guard. */
export function createFinder(parts: FinderParts): Finder {
  const { flights, tags, reader } = parts
  const { clock, random } = parts.config
  const { throttle, refreshBehind, load } = createLoads(parts)

  async function find(ask: Ask, crowd: Crowd, reading = reader.read(ask.key)): Promise<Found> {
    // A load may land while this read is under way: then what was read is not refreshed, nor what was missed loaded, again.
    const before = flights.loading(ask.id)
    const entry = await reading
    if (entry === undefined || entry === 'failed') {
      const needed = { over: undefined, previous: undefined, fallback: undefined }
      const loading = flights.loading(ask.id) ?? before
      return load(ask, crowd, { fill: entry !== 'failed', ...needed }, loading)
    }
    const { policy } = ask
    const aged = staleFor(entry, policy, tags, clock.now())
    const staleMs = typeof aged === 'number' ? aged : await aged
    const loading = flights.loading(ask.id) ?? before
    if (staleMs < 0 || staleMs < policy.staleWhileRevalidateMs) {
      const isDue = staleMs >= 0 || isDueEarly(entry, policy, clock.now(), random)
      if (loading === undefined && isDue) refreshBehind(ask, entry)
      return { value: entry.value }
    }
    const fallback = staleMs < policy.staleIfErrorMs ? entry : undefined
    if (fallback !== undefined && throttle.holds(ask.id)) return { value: entry.value }
    const previous = staleMs === Number.POSITIVE_INFINITY ? undefined : entry
    return load(ask, crowd, { over: entry, previous, fallback, fill: true }, loading)
  }

  return {
    find,
    async refresh(ask, crowd) {
      const found = await reader.read(ask.key)
      const over = found === 'failed' ? undefined : found
      const staleMs = over === undefined ? 0 : await staleFor(over, ask.policy, tags, clock.now())
      const previous = staleMs === Number.POSITIVE_INFINITY ? undefined : over
      const needed = { over, previous, fallback: undefined, fill: found !== 'failed' }
      return load(ask, crowd, needed, flights.loading(ask.id))
    },
  }
}

/** Starts loads, for callers who wait and for those who do not. */
interface Loads {
  readonly throttle: Throttle
  /** Nobody waits for it, and one at a time is enough. When it fails, the entry lives on until its end. */
  refreshBehind(ask: Ask, entry: Entry): void
  /** Waits for a load: the one under way, or one of its own. */
  load(ask: Ask, crowd: Crowd, needed: Needed, under: Load | undefined): Promise<Found>
}

function createLoads({ config: { clock }, flights, runner, tasks }: FinderParts): Loads {
  const throttle = createThrottle(clock)
  // Of entries, and not of keys: what another process brings may be due before its lease would have been over.
  const elsewhere = createThrottle(clock)

  const start = (ask: Ask, options: LoadOptions): Load => {
    const { id, policy } = ask
    const load = flights.load(id, policy.tags, (own) => runner.run(ask, options, own))
    load.copies.then(
      () => throttle.end(id),
      () => options.over && throttle.start(id, policy.retryAfterMs),
    )
    return load
  }

  const refreshBehind = (ask: Ask, entry: Entry): void => {
    const seen = `${ask.id} ${entry.writtenAtMs}`
    if (!tasks.open || throttle.holds(ask.id) || elsewhere.holds(seen)) return
    const onElsewhere = (forMs: number): void => elsewhere.start(seen, forMs)
    const needed = { over: entry, previous: entry, canFail: true, fill: true }
    const load = start(ask, { ...needed, background: true, onElsewhere })
    const ended = load.copies.catch((error: unknown) =>
      reportFailure({ verb: 'refresh', instead: 'keep', error }),
    )
    tasks.add(ended, () => {
      load.fenced = true
      load.controller.abort(new GuardClosedError())
    })
  }

  async function load(
    ask: Ask,
    crowd: Crowd,
    { fallback, ...needed }: Needed,
    under: Load | undefined,
  ): Promise<Found> {
    const canFail = fallback !== undefined
    for (let loading = under; ; loading = flights.loading(ask.id)) {
      const joinedAt = flights.invalidations()
      const own = loading === undefined
      const joined = loading ?? start(ask, { background: false, canFail, ...needed })
      try {
        const copies = await waitFor(joined, { ask, crowd, flights, canFail })
        const isOverdue = joined.overtakenAt !== undefined && joined.overtakenAt <= joinedAt
        // Late, or failed elsewhere. A refresh that was left to another process says nothing of either.
        if (canFail && (copies === 'late' || (own && copies === undefined))) {
          return { value: fallback.value }
        }
        if (typeof copies === 'function' && !isOverdue) return { copies }
      } catch (error) {
        if (!canFail || !isFailure(error) || crowd.gone === crowd.count) throw error
        reportFailure({ verb: 'load', instead: 'stale', error })
        return { value: fallback.value }
      }
    }
  }

  return { throttle, refreshBehind, load }
}
