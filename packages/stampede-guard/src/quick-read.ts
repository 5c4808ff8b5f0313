import { isDueEarly } from './early-refresh.ts'
import { isEntry, type Entry } from './entry.ts'
import type { GuardConfig } from './options.ts'
import type { Policy } from './policy.ts'

/** Reads hits that need nothing else, where the store has them in this process; all the rest is left to a shared call. */
export type QuickRead = (key: string, policy: Policy) => Entry | undefined

/** Makes a quick reader. */
export function createQuickRead({ cache, clock, random }: GuardConfig): QuickRead {
  if (cache.store.get.now === undefined) return () => undefined
  const isEnough = (found: unknown, policy: Policy): found is Entry =>
    isEntry(found) && found.tags === undefined && !isDueEarly(found, policy, clock.now(), random)
  return function quickRead(key, policy) {
    try {
      const found = cache.getNow(key)
      return isEnough(found, policy) ? found : undefined
    } catch {
      // The call that follows tells what is wrong.
      return undefined
    }
  }
}
