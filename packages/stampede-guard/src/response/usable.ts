import type { IncomingHttpHeaders } from 'node:http'
import { directiveMs, parseCacheControl, type Directives } from './cache-control.ts'
import type { Variant } from './record.ts'

/** How a kept response may be used for a request at this moment. */
export interface Use {
  readonly ageMs: number
  /** How long it stays fresh; negative when it is stale. */
  readonly leftMs: number
  /** It may be served as it is. */
  readonly isFresh: boolean
  /** It may be served while the handler runs for another request. */
  readonly whileRevalidate: boolean
  /** It may stand in for a handler that fails. */
  readonly ifError: boolean
}

/** What a request asks of a cache by its Cache-Control. Empty where nobody trusts it. */
export interface Demands {
  readonly isReload: boolean
  readonly onlyIfCached: boolean
  readonly isUnstored: boolean
  readonly maxAgeMs: number
  readonly minFreshMs: number
  readonly maxStaleMs: number
}

/** Of a request that asks nothing. */
export const noDemands: Demands = {
  isReload: false,
  onlyIfCached: false,
  isUnstored: false,
  maxAgeMs: Number.POSITIVE_INFINITY,
  minFreshMs: 0,
  maxStaleMs: 0,
}

/** What the request directives of RFC 9111 5.2.1 ask, and Pragma where there are none. */
export function demandsOf(headers: IncomingHttpHeaders): Demands {
  const field = headers['cache-control']
  if (field === undefined) {
    return headers.pragma === undefined || !/\bno-cache\b/i.test(headers.pragma)
      ? noDemands
      : { ...noDemands, isReload: true }
  }
  const directives = parseCacheControl(field)
  return {
    isReload: directives.values.has('no-cache'),
    onlyIfCached: directives.values.has('only-if-cached'),
    isUnstored: directives.values.has('no-store'),
    maxAgeMs: directiveMs(directives, 'max-age') ?? Number.POSITIVE_INFINITY,
    minFreshMs: directiveMs(directives, 'min-fresh') ?? 0,
    maxStaleMs: maxStaleMs(directives),
  }
}

function maxStaleMs(directives: Directives): number {
  if (directives.values.get('max-stale') === true) return Number.POSITIVE_INFINITY
  return directiveMs(directives, 'max-stale') ?? 0
}

/** How a response may be used at a time, for a request with these demands. */
export function useOf(variant: Variant, demands: Demands, nowMs: number): Use {
  const ageMs = variant.initialAgeMs + Math.max(0, nowMs - variant.atMs)
  const leftMs = variant.lifeMs - ageMs
  const isWanted = !demands.isReload && ageMs <= demands.maxAgeMs
  const overMs = -leftMs
  const staleMs = variant.mayBeStale ? demands.maxStaleMs : 0
  return {
    ageMs,
    leftMs,
    isFresh: isWanted && (leftMs > 0 ? leftMs >= demands.minFreshMs : overMs < staleMs),
    whileRevalidate:
      isWanted &&
      demands.minFreshMs === 0 &&
      leftMs <= 0 &&
      overMs < variant.staleWhileRevalidateMs,
    // A demand for something newer is no reason to fail.
    ifError: leftMs > 0 || overMs < variant.staleIfErrorMs,
  }
}
