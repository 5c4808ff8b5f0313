import { createGuard } from '@sluice/stampede-guard'
import { createFleet } from './fleet.js'
import { arrivals, evenShares, seededRandom } from './traffic.js'
import { inVirtualTime } from './virtual-time.js'

export const ttlMs = 10_000
export const loadMs = 200

/** Who takes longer than any hit has waited. */
const longestHitMs = 50

/** A cache and no guard: what is missing is loaded by whoever misses it. */
function unguarded({ cache }) {
  return async (load) => {
    const found = await cache.get('hot')
    if (found !== undefined) return found
    const value = await load()
    await cache.set('hot', value, ttlMs)
    return value
  }
}

const guarded =
  (options) =>
  ({ cache, clock, random }) => {
    const guard = createGuard({ cache, ttl: ttlMs, clock, random, ...options })
    return (load) => guard.get('hot', load)
  }

/** How a node reads: each makes its `get(load)`. */
export const readers = {
  'no guard': unguarded,
  "scope: 'process', early: false": guarded({ scope: 'process', early: false }),
  'early: false': guarded({ early: false }),
  default: guarded({}),
  'early: false, stale window': guarded({ early: false, staleWhileRevalidate: ttlMs }),
  'default, stale window': guarded({ staleWhileRevalidate: ttlMs }),
}

/**
 * Nodes that read one key of one store, each at times of its own, for so many ttls after a first one.
 *
 * @param reader one of `readers`
 * @param readsPerSecond of all nodes together
 * @param deaths how many nodes end in the middle of a load, the first that loads in each ttl; a new one takes its place
 */
export function simulateGuard({
  reader,
  readsPerSecond,
  seed,
  nodes = 100,
  ttls = 20,
  deaths = 0,
}) {
  return inVirtualTime(async (time) => {
    const fleet = createFleet(time, seededRandom(seed + 1000))
    const draw = seededRandom(seed + 2000)
    const tally = createTally(fleet)
    const join = () => joinNode(fleet, readers[reader], draw)
    const all = Array.from({ length: nodes }, join)
    const nextDeath = deathClock(fleet, deaths)

    const loadAt = (at) => {
      const node = all[at]
      const load = tally.load()
      if (nextDeath()) {
        setTimeout(() => {
          node.die()
          load.end()
          all[at] = join()
        }, loadMs / 2)
      } else setTimeout(load.end, loadMs)
      return load.value
    }
    const ask = async ({ node: at }) => {
      const node = all[at]
      const read = tally.read()
      const { bornMs } = await node.get(() => loadAt(at))
      if (!node.isDead()) read.end(bornMs)
    }
    const seconds = ((1 + ttls) * ttlMs) / 1000
    const traffic = arrivals({
      random: seededRandom(seed),
      shares: evenShares(nodes),
      perSecond: readsPerSecond,
      seconds,
    })
    await fleet.drive(traffic, ask, ttlMs)
    await fleet.close()
    return tally.told(ttls)
  })
}

/** What is counted after the first ttl, in which everything starts. */
function createTally(fleet) {
  const counts = { reads: 0, loads: 0, mostLoads: 0, waits: 0, longestMs: 0, oldestMs: 0 }
  let loading = 0
  let before = fleet.commands()
  const most = (name, value) => (counts[name] = Math.max(counts[name], value))
  return {
    load() {
      const bornMs = fleet.nowMs()
      const { promise, resolve } = withResolver()
      loading++
      if (bornMs >= ttlMs) {
        counts.loads++
        most('mostLoads', loading)
      }
      const end = () => {
        loading--
        resolve({ bornMs })
      }
      return { value: promise, end }
    },
    read() {
      const askedMs = fleet.nowMs()
      const isCounted = askedMs >= ttlMs
      if (!isCounted) before = fleet.commands()
      return {
        end(bornMs) {
          if (!isCounted) return
          const nowMs = Math.round(fleet.nowMs())
          counts.reads++
          if (nowMs > askedMs + longestHitMs) counts.waits++
          most('longestMs', nowMs - askedMs)
          most('oldestMs', nowMs - bornMs)
        },
      }
    },
    told(ttls) {
      const { all, run } = fleet.commands()
      return { ...counts, ttls, commands: all - before.all, scripts: run - before.run }
    },
  }
}

function withResolver() {
  let resolve
  const promise = new Promise((settle) => (resolve = settle))
  return { promise, resolve }
}

function joinNode(fleet, makeReader, random) {
  const { cache, die } = fleet.join()
  let isDead = false
  return {
    get: makeReader({ cache, clock: fleet.clock, random }),
    isDead: () => isDead,
    die() {
      isDead = true
      die()
    },
  }
}

/** Answers whether the load that begins now is one in the midst of which its node ends: one in each ttl, after the first. */
function deathClock(fleet, deaths) {
  let left = deaths
  let fromMs = ttlMs
  return () => {
    const nowMs = fleet.nowMs()
    if (left === 0 || nowMs < fromMs) return false
    left--
    fromMs = nowMs + ttlMs
    return true
  }
}
