import { createRateLimiter } from '@sluice/rate-limiter'
import { createFleet } from './fleet.js'
import { arrivals, seededRandom, zipfShares } from './traffic.js'
import { inVirtualTime } from './virtual-time.js'

const windowMs = 60_000

/**
 * Nodes whose limiters take units of one key ahead, for so many windows after a first one.
 *
 * @param demand how many units are asked for in a window, as a multiple of the limit
 * @returns counts of those windows, and by how many units the limit was exceeded at the worst moment
 */
export function simulateLeases({
  lease,
  limit,
  demand,
  algorithm,
  seed,
  nodes = 100,
  windows = 3,
}) {
  return inVirtualTime(async (time) => {
    const fleet = createFleet(time, seededRandom(seed + 1000))
    const limiters = Array.from({ length: nodes }, () => {
      const { cache } = fleet.join()
      return createRateLimiter({ cache, limit, window: windowMs, algorithm, lease })
    })
    const counts = createCounts(limit, algorithm)
    let commandsBefore = 0
    const ask = async ({ node }) => {
      const askedAtMs = fleet.clock.now()
      if (fleet.nowMs() < windowMs) commandsBefore = fleet.commands().all
      const { allowed, source, decidedAtMs } = await limiters[node].consume('all')
      if (source === 'local') throw new Error('a node has decided by itself')
      const nowMs = fleet.clock.now()
      // Who waited was given what the store had taken for it then.
      counts.add(nowMs === askedAtMs ? nowMs : decidedAtMs, allowed)
    }
    const traffic = {
      random: seededRandom(seed),
      shares: zipfShares(nodes),
      perSecond: (demand * limit * 1000) / windowMs,
      seconds: ((1 + windows) * windowMs) / 1000,
      bursts: true,
    }
    await fleet.drive(arrivals(traffic), ask, 1000)
    await fleet.close()
    return { ...counts.told(windows), commands: fleet.commands().all - commandsBefore }
  })
}

/** Counts what is admitted by windows of the store's clock, and checks it against what the algorithm promises. */
function createCounts(limit, algorithm) {
  const admitted = new Map()
  const refused = new Map()
  let latestMs = 0
  let over = 0

  const check = () => {
    const into = latestMs % windowMs
    const index = (latestMs - into) / windowMs
    const fading = algorithm === 'fixed-window' ? 0 : (windowMs - into) / windowMs
    const counted = (admitted.get(index) ?? 0) + (admitted.get(index - 1) ?? 0) * fading
    over = Math.max(over, counted - limit)
  }
  return {
    add(atMs, allowed) {
      const index = Math.floor(atMs / windowMs)
      const counts = allowed ? admitted : refused
      counts.set(index, (counts.get(index) ?? 0) + 1)
      latestMs = Math.max(latestMs, atMs)
      if (allowed) check()
    },
    /** Without the first window. */
    told(windows) {
      const first = Math.min(...admitted.keys()) + 1
      const sum = (counts) =>
        Array.from({ length: windows }, (_, at) => counts.get(first + at) ?? 0).reduce(
          (total, count) => total + count,
        )
      return { admitted: sum(admitted), refused: sum(refused), over }
    },
  }
}
