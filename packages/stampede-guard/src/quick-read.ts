import { isDueEarly } from './early-refresh.ts'
import { isEntry, type Entry } from './entry.ts'
import type { GuardConfig } from './options.ts'
import type { Policy } from './policy.ts'

/**
 * Reads hits of a store that answers most of them in this process, where a call that is shared costs more than the reading:
 * first the cache is asked directly, and all the rest is left to a shared call.
 */
export interface QuickRead {
  /** False while somebody else asks a server for the key: then a shared call does. */
  begin(key: string): boolean
  end(key: string): void
  /** True for an entry that is fresh and needs nothing else. */
  isEnough(found: unknown, policy: Policy): found is Entry
}

/** Makes a quick reader, if the store is one for it. */
export function createQuickRead({ cache, clock, random }: GuardConfig): QuickRead | undefined {
  const { get, shared } = cache.store
  if (get.now === undefined) return undefined
  const asking = new Set<string>()
  return {
    begin(key) {
      if (!shared) return true
      if (asking.has(key)) return false
      asking.add(key)
      return true
    },
    end(key) {
      if (shared) asking.delete(key)
    },
    isEnough: (found, policy): found is Entry =>
      isEntry(found) && found.tags === undefined && !isDueEarly(found, policy, clock.now(), random),
  }
}
