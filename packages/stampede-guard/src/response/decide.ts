import type { Found, Kept } from './archive.ts'
import type { ResponseCacheConfig } from './options.ts'
import type { PageKey } from './request-key.ts'
import type { Run, Runs } from './runs.ts'
import type { ShortMemory } from './short-memory.ts'
import { useOf, type Demands, type Use } from './usable.ts'
import { isSelected, selectionOf } from './vary.ts'
import type { Visit } from './visit.ts'

/** A request that may be answered from the cache. */
export interface Lookup<Context> {
  readonly visit: Visit<Context>
  readonly at: PageKey
  readonly demands: Demands
  readonly isAuthorized: boolean
}

/** How the handler is to run for a request. */
export interface Forward {
  /** Why, as Cache-Status says it. */
  readonly why: string
  /** Others may wait for it. */
  readonly run: Run | undefined
  /** What is kept, and may stand in. */
  readonly stale: Kept | undefined
  /** True when the store could not be read: it is not asked again. */
  readonly isStoreAway: boolean
}

/** What is to be done for a request. */
export type Step =
  | { readonly kind: 'serve'; readonly kept: Kept; readonly use: Use }
  | { readonly kind: 'wait'; readonly run: Run; readonly why: string }
  | { readonly kind: 'refuse' }
  | ({ readonly kind: 'forward' } & Forward)

/** What this process knows of the URLs that are asked for. */
export interface Knowledge {
  readonly runs: Runs
  /** URLs whose last response could not be kept: requests for them do not wait for each other. */
  readonly uncacheable: ShortMemory
  /** URLs whose handler has failed just now, and is left in peace while a kept response covers for it. */
  readonly covered: ShortMemory
}

/** What a request has been through. */
export interface Progress {
  /** What was found; `undefined` when the store could not be read. */
  readonly found: Found | undefined
  /** The runs that were under way before the cache was read: one may have ended since. */
  readonly before: readonly Run[]
  /** How often it has waited in vain. */
  readonly waits: number
}

/** After this many disappointments a request runs the handler for itself. */
const mostWaits = 2

/** Decides, and starts the run of a request that goes on to the handler for others too. In one step: of all who miss, one starts. */
export function decide<Context>(
  config: ResponseCacheConfig<Context>,
  { runs, uncacheable, covered }: Knowledge,
  lookup: Lookup<Context>,
  { found, before, waits }: Progress,
): Step {
  const { at, demands, visit } = lookup
  const nowMs = config.clock.now()
  const kept = mayServe(lookup, found?.kept) ? found?.kept : undefined
  const use = kept && useOf(kept.variant, demands, nowMs)
  const run = [...runs.of(at.key), ...before].find((one) =>
    isSelected(visit.request.headers, one, config.normalizers),
  )
  if (kept !== undefined && use !== undefined) {
    const isCovered = use.ifError && covered.has(at.key, nowMs)
    const isBeingRenewed = use.whileRevalidate && run !== undefined
    if (use.isFresh || isBeingRenewed || isCovered) return { kind: 'serve', kept, use }
  }
  if (demands.onlyIfCached) return { kind: 'refuse' }

  const vary = found?.vary ?? []
  const why = kept !== undefined ? 'stale' : vary.length > 0 ? 'vary-miss' : 'uri-miss'
  const isAlone = !mayShare(lookup) || uncacheable.has(at.key, nowMs)
  if (run !== undefined && !isAlone && waits < mostWaits && run.followers < config.maxFollowers) {
    return { kind: 'wait', run, why }
  }
  const forward = {
    kind: 'forward',
    why,
    stale: kept,
    isStoreAway: found === undefined,
  } as const
  if (isAlone || run !== undefined) return { run: undefined, ...forward }
  const selection = selectionOf(visit.request.headers, vary, config.normalizers)
  return { run: runs.start(at.key, vary, selection), ...forward }
}

/** How a response is used that may be as it is, whatever else goes on. */
export function freshUseOf<Context>(
  lookup: Lookup<Context>,
  kept: Kept,
  nowMs: number,
): Use | undefined {
  if (!mayServe(lookup, kept)) return undefined
  const use = useOf(kept.variant, lookup.demands, nowMs)
  return use.isFresh ? use : undefined
}

/** RFC 9111 3.5, read both ways: a page for nobody in particular is not what somebody asked for by name. */
function mayServe<Context>({ isAuthorized }: Lookup<Context>, kept: Kept | undefined): boolean {
  return !isAuthorized || kept?.variant.isShared === true
}

function mayShare<Context>({ visit, isAuthorized, demands }: Lookup<Context>): boolean {
  const { method } = visit.request
  return method === 'GET' && !isAuthorized && !demands.isReload && !demands.isUnstored
}
