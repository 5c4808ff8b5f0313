/** Ids, by the key that they belong to. */
export interface IdsByKey {
  /** How many ids, of all keys. */
  readonly size: number
  count(key: string): number
  add(key: string, id: string): void
  delete(key: string, id: string): void
  /** As they are now. */
  lists(): readonly { readonly key: string; readonly ids: readonly string[] }[]
}

/** An empty one. Keys without ids take no room. */
export function createIdsByKey(): IdsByKey {
  const byKey = new Map<string, Set<string>>()
  let size = 0
  return {
    get size() {
      return size
    },
    count: (key) => byKey.get(key)?.size ?? 0,
    add(key, id) {
      const ids = byKey.get(key) ?? new Set()
      if (!ids.has(id)) size++
      byKey.set(key, ids.add(id))
    },
    delete(key, id) {
      const ids = byKey.get(key)
      if (ids?.delete(id)) size--
      if (ids?.size === 0) byKey.delete(key)
    },
    lists: () => [...byKey].map(([key, ids]) => ({ key, ids: [...ids] })),
  }
}
