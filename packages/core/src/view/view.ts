import { ttlMs, type Duration } from '../duration.ts'
import { checkKey } from '../key.ts'
import type { Counters } from '../stats.ts'
import type { Store } from '../store.ts'
import type { Updater } from '../update.ts'
import type { Values } from './values.ts'

/** What a view is, whole. */
export interface View {
  readonly store: Store
  readonly prefix: string
  /** The levels between prefix and key: `'eu:@acme:'`. */
  readonly levels: string
  /** The ttl of entries that name none; `Infinity` for no expiry. */
  readonly defaultTtlMs: number
  /** Absent when nothing is counted. */
  readonly counters: Counters | undefined
  readonly updater: Updater
  readonly values: Values
}

/** What every key of the view begins with. */
export function baseOf({ prefix, levels }: View): string {
  return `${prefix}:${levels}`
}

/** Makes the store's key of a caller's key, checked. */
export function keyMaker(view: View): (key: string) => string {
  const base = baseOf(view)
  return (key) => base + checkKey(key)
}

/** How many keys a recalling key maker knows. */
const mostRecalled = 4096

/**
 * A key maker for reads that memory answers: there, joining and hashing a new string costs more than all the rest, so the
 * strings of the last few thousand keys are kept.
 */
export function recallingKeyMaker(view: View): (key: string) => string {
  const make = keyMaker(view)
  if (view.store.get.now === undefined) return make
  const known = new Map<string, string>()
  return (key) => {
    const recalled = known.get(key)
    if (recalled !== undefined) return recalled
    const made = make(key)
    if (known.size === mostRecalled) known.clear()
    known.set(key, made)
    return made
  }
}

/** The ttl of a call, or that of the view. */
export function ttlOf({ defaultTtlMs }: View, ttl: Duration | undefined): number {
  return ttl === undefined ? defaultTtlMs : ttlMs(ttl, 'ttl')
}

/** Operations say "no expiry" as 0: Redis has no Infinity. */
export function finite(ms: number): number {
  return ms === Number.POSITIVE_INFINITY ? 0 : ms
}
