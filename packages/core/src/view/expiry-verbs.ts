import type { Cache } from '../cache.ts'
import { ttlMs } from '../duration.ts'
import { expire, remaining } from '../operations/entry.ts'
import { finite, keyMaker, type View } from './view.ts'

type ExpiryVerbs = Pick<Cache, 'ttl' | 'expire' | 'persist' | 'touch'>

/** How long one entry lives. */
export function expiryVerbs(view: View): ExpiryVerbs {
  const { store } = view
  const entryKey = keyMaker(view)
  const expireAfter = (key: string, ms: number): Promise<boolean> =>
    store.run(expire, { key: entryKey(key), ttlMs: finite(ms) })
  return {
    ttl: async (key) => store.run(remaining, { key: entryKey(key) }),
    expire: async (key, ttl) => expireAfter(key, ttlMs(ttl, 'ttl')),
    persist: async (key) => expireAfter(key, Number.POSITIVE_INFINITY),
    touch: async (key) => expireAfter(key, view.defaultTtlMs),
  }
}
