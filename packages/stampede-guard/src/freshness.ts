import type { Entry } from './entry.ts'
import { isFailure, reportFailure } from './failures.ts'
import type { Policy } from './policy.ts'
import type { Tags } from './tags.ts'

/** How long an entry has been stale: below 0 it is fresh, `Infinity` when it was invalidated. */
export type StaleForMs = number

/** Ages an entry by its ttl and its tags: at once, unless the store has to be asked for tags. */
export function staleFor(
  entry: Entry,
  policy: Policy,
  tags: Tags,
  nowMs: number,
): StaleForMs | Promise<StaleForMs> {
  const byTtl = staleByTtl(entry, policy, nowMs)
  if (entry.tags === undefined) return byTtl
  const state = tags.stateOf(entry.tags)
  if (typeof state === 'string') return worse(byTtl, state)
  return state.then((known) => worse(byTtl, known), notServed)
}

/** Without the store nobody knows what was invalidated. */
function notServed(error: unknown): StaleForMs {
  if (!isFailure(error)) throw error
  reportFailure({ verb: 'get', instead: 'load', error })
  return Number.POSITIVE_INFINITY
}

function staleByTtl(
  entry: Entry,
  { staleWhileRevalidateMs, staleIfErrorMs }: Policy,
  nowMs: number,
): StaleForMs {
  const longestMs = Math.max(staleWhileRevalidateMs, staleIfErrorMs)
  // Without a window the store ends an entry with its ttl: what is there is fresh, whatever this clock says.
  if (longestMs === 0) return -1
  return nowMs - entry.expiresAtMs
}

function worse(byTtl: StaleForMs, state: 'current' | 'stale' | 'hard'): StaleForMs {
  if (state === 'current') return byTtl
  return state === 'hard' ? Number.POSITIVE_INFINITY : Math.max(0, byTtl)
}
