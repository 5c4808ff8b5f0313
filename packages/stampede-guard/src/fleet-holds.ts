import { timerMs } from '@sluice/core/extend'
import type { Cache } from '@sluice/core'
import type { Claimant, Hold } from './keepers.ts'
import { messageOf, type Messages } from './messages.ts'
import { fill, renew, settle } from './operations/holds.ts'

/** What a load holds. */
export interface Held {
  /** The fingerprint of what must be under the key of the entry when it is written. */
  readonly before: string
  readonly lease?: Lease
}

/** Some text under a key, renewed while a load runs. */
export interface Lease {
  readonly key: string
  readonly text: string
  /** True when those who load for themselves hold it as well: none of them ends it. */
  readonly isShared: boolean
  /** What is left behind, and for how long. */
  readonly afterFill?: { readonly text: string; readonly ms: number }
  readonly afterFailure?: { readonly text: string; readonly ms: number }
}

/** Makes holds on the entries of one view of the cache. */
export function createHolds(
  cache: Cache,
  { channel }: Messages,
): (claimant: Claimant, held: Held) => Hold {
  const { store, entryKey } = cache

  /** Ends a lease, if it still is. */
  const leave = (lease: Lease, next: Lease['afterFill'], message: string): Promise<boolean> => {
    const { key, text } = lease
    const after = { next: next?.text ?? '', ttlMs: next?.ms ?? 1 }
    return store.run(settle, { key, text, ...after, channel, message })
  }
  /** Answers how to stop. A lease that cannot be renewed may be lost: then the fill finds out. */
  const keep = (lease: Lease | undefined, leaseMs: number): (() => void) => {
    if (lease === undefined) return () => undefined
    const { key, text } = lease
    const timer = setInterval(
      () => {
        store.run(renew, { key, text, leaseMs }).catch(() => undefined)
      },
      timerMs(leaseMs / 3),
    ).unref()
    return () => clearInterval(timer)
  }
  return ({ key, leaseMs }, { before, lease }) => {
    const stop = keep(lease, leaseMs)
    return {
      async fill(entry, ttlMs) {
        try {
          const payload = cache.encode(entry)
          const message = messageOf('filled', key)
          const target = { key: entryKey(key), fingerprint: before }
          await store.run(fill, { ...target, payload, ttlMs, channel, message })
          if (lease?.afterFill !== undefined) await leave(lease, lease.afterFill, '')
        } finally {
          stop()
        }
      },
      async end(how) {
        stop()
        if (lease === undefined || lease.isShared) return
        const next = how === 'failed' ? lease.afterFailure : undefined
        await leave(lease, next, messageOf('failed', key))
      },
    }
  }
}
