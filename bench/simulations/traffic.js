/** A linear congruential generator with the constants of Numerical Recipes: numbers from 0 up to and without 1. */
export function seededRandom(seed) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** The shares of nodes by Zipf's law: the second has half of what the first has, the third a third. They add up to 1. */
export function zipfShares(nodes) {
  const weights = Array.from({ length: nodes }, (_, at) => 1 / (at + 1))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

/** Nodes that all have as much to do. */
export function evenShares(nodes) {
  return Array.from({ length: nodes }, () => 1 / nodes)
}

/** In one second of ten a node has five times its mean to do, and less in the others, so that the mean is kept. */
const burst = { chance: 0.1, times: 5 }
const calm = (1 - burst.chance * burst.times) / (1 - burst.chance)

/**
 * Poisson arrivals second by second, in their order: each `{ atMs, node }`, in whole ms since the beginning.
 *
 * @param perSecond how many come to all nodes in a mean second
 * @param bursts whether each node has its bursts
 */
export function* arrivals({ random, shares, perSecond, seconds, bursts = false }) {
  for (let second = 0; second < seconds; second++) {
    const some = []
    for (const [node, share] of shares.entries()) {
      const factor = !bursts ? 1 : random() < burst.chance ? burst.times : calm
      const meanGapMs = 1000 / (perSecond * share * factor)
      let atMs = -Math.log(1 - random()) * meanGapMs
      for (; atMs < 1000; atMs -= Math.log(1 - random()) * meanGapMs) {
        some.push({ atMs: second * 1000 + Math.floor(atMs), node })
      }
    }
    yield some.toSorted((a, b) => a.atMs - b.atMs)
  }
}
