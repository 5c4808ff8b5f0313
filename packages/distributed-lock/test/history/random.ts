/** Draws the same numbers for the same seed. */
export interface Random {
  /** From 0 to below `below`. */
  integer(below: number): number
  pick<Item>(items: readonly [Item, ...Item[]]): Item
  shuffled<Item>(items: readonly Item[]): readonly Item[]
}

/** An xorshift generator: enough to vary a schedule, and to run it again. */
export function seededRandom(seed: number): Random {
  let state = seed || 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  // A small seed begins with small numbers.
  for (let draw = 0; draw < 20; draw++) next()
  const integer = (below: number): number => Math.floor(next() * below)
  return {
    integer,
    pick: (items) => items[integer(items.length)] ?? items[0],
    shuffled: (items) =>
      items
        .map((item) => ({ item, at: next() }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ item }) => item),
  }
}
