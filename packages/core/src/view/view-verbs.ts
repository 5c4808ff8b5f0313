import type { Cache } from '../cache.ts'
import { checkKey, hashTag, namespaceLevel, tenantLevel } from '../key.ts'
import { checkOptions } from '../options.ts'
import { createCounters, type CacheStats, type Counts } from '../stats.ts'
import { baseOf, keyMaker, ttlOf, type View } from './view.ts'

type ViewVerbs = Pick<
  Cache,
  | 'namespace'
  | 'clearNamespace'
  | 'tenant'
  | 'stats'
  | 'resetStats'
  | 'ping'
  | 'stateKey'
  | 'entryKey'
  | 'encode'
>

/**
 * Views of the view, and what is told of it.
 *
 * @param open makes the cache that a view is seen as
 */
export function viewVerbs(view: View, open: (view: View) => Cache): ViewVerbs {
  const { store, prefix, levels, counters } = view
  const inner = (level: string, defaultTtlMs = view.defaultTtlMs): Cache =>
    open({
      ...view,
      levels: `${levels}${level}:`,
      defaultTtlMs,
      counters: counters === undefined ? undefined : createCounters(counters),
    })
  const namespace: Cache['namespace'] = (name, options = {}) => {
    checkOptions('namespace', options, ['ttl'])
    return inner(namespaceLevel(name), ttlOf(view, options.ttl))
  }
  return {
    namespace,
    clearNamespace: async (name, options) => namespace(name).clear(options),
    tenant: (id) => inner(tenantLevel(id)),
    stats: () => statsOf(view),
    resetStats: () => counters?.reset(),
    ping: () =>
      store.ping().then(
        () => true,
        () => false,
      ),
    stateKey: (area, name) => `${prefix}#${area}:${levels}${hashTag(checkKey(name, 'name'))}`,
    entryKey: keyMaker(view),
    encode: (value) => view.values.encode(value),
  }
}

const nothing: Counts = { hits: 0, misses: 0, sets: 0, deletes: 0, unreadable: 0 }

function statsOf(view: View): CacheStats {
  const counts = view.counters?.own ?? nothing
  const usage = view.store.usage(baseOf(view))
  const reads = counts.hits + counts.misses
  return {
    ...counts,
    hitRate: reads === 0 ? 0 : counts.hits / reads,
    evictions: usage?.evictions,
    stateKeys: usage?.stateKeys,
    size: usage?.entries,
    memoryBytes: usage?.bytes,
  }
}
