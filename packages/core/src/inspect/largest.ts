/** The largest of many, in the memory of a few. */
export interface Largest<Item> {
  /** How many were shown to it. */
  readonly count: number
  add(item: Item): void
  /** The largest first. */
  list(): readonly Item[]
}

/** @param most how many are kept */
export function createLargest<Item>(most: number, sizeOf: (item: Item) => number): Largest<Item> {
  const kept: Item[] = []
  let count = 0
  return {
    get count() {
      return count
    },
    add(item) {
      count++
      const last = kept.at(-1)
      const size = sizeOf(item)
      if (kept.length === most && last !== undefined && sizeOf(last) >= size) return
      const at = kept.findIndex((other) => sizeOf(other) < size)
      kept.splice(at === -1 ? kept.length : at, 0, item)
      if (kept.length > most) kept.pop()
    },
    list: () => [...kept],
  }
}
