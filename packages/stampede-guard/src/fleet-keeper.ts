import { randomUUID } from 'node:crypto'
import { isEntry, isSameEntry, type Entry } from './entry.ts'
import { createHolds, type Lease } from './fleet-holds.ts'
import type { Claim, Claimant, Keeper } from './keepers.ts'
import type { Messages } from './messages.ts'
import { claim, mark } from './operations/holds.ts'
import type { GuardConfig } from './options.ts'
import { fingerprint, placeholderOf } from './placeholder.ts'

/**
 * Where processes share the store. On a miss a placeholder stands under the key of the entry itself: it is the lease, and
 * whatever removes or replaces it fences the load, be it a delete, a clear or another program; a value is written over
 * nothing else. A refresh is marked beside the entry, and written over nothing but the payload that was there before it.
 */
export function createFleetKeeper({ cache }: GuardConfig, messages: Messages): Keeper {
  const { store, entryKey } = cache
  const hold = createHolds(cache, messages)

  /** Asks to be the only one that replaces a payload. */
  const markRefresh = async (claimant: Claimant, before: string): Promise<Claim> => {
    const { leaseMs, policy, canFail } = claimant
    const [key, token] = [cache.stateKey('guard', claimant.key), randomUUID()]
    const lease: Lease = {
      ...{ key, text: `${before}:${token}`, isShared: false },
      // Who found the old payload and comes late is not to refresh it again.
      afterFill: { text: `${before}:done`, ms: leaseMs },
      afterFailure: { text: `${before}:failed`, ms: policy.retryAfterMs },
    }
    const asked = { key, fingerprint: before, token, leaseMs, again: !canFail }
    const marked = await store.run(mark, asked)
    if (marked.kind !== 'granted') return marked
    return { kind: 'hold', hold: hold(claimant, { before, lease }) }
  }

  return {
    async claim(claimant) {
      const { key, leaseMs, over, policy, alone } = claimant
      const placeholder = placeholderOf(randomUUID())
      const isAlone = alone || policy.scope === 'process'
      const found = await store.run(claim, { key: entryKey(key), placeholder, leaseMs })
      if (found.kind !== 'payload') {
        const text = found.kind === 'planted' ? placeholder : found.text
        const isTaken = found.kind === 'placeholder'
        if (isTaken && !isAlone) return { kind: 'busy', remainingMs: found.remainingMs }
        const isShared = isTaken || policy.scope === 'process'
        const lease = { key: entryKey(key), text, isShared }
        return { kind: 'hold', hold: hold(claimant, { before: fingerprint(text), lease }) }
      }
      // Read after the claim: what is still there was there then.
      const now = await cache.get(key)
      if (now === undefined) return { kind: 'busy', remainingMs: 1 }
      if (isNewer(now, over)) return { kind: 'entry', entry: now }
      const before = found.fingerprint
      if (!isAlone) return markRefresh(claimant, before)
      return { kind: 'hold', hold: hold(claimant, { before }) }
    },
  }
}

/** True for an entry that was not there when the caller looked. */
function isNewer(now: unknown, over: Entry | undefined): now is Entry {
  return isEntry(now) && (over === undefined || !isSameEntry(now, over))
}
