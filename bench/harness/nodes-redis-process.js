// One of the processes that have a hundred nodes between them, each with a store of its own on the bench's Redis. Does its part
// of the traffic when it is told to, and tells what it counted.
import { setTimeout as sleep } from 'node:timers/promises'
import { createCache } from '@sluice/core'
import { nearStore } from '@sluice/core/near'
import { redisStore } from '@sluice/core/redis'
import { createRateLimiter } from '@sluice/rate-limiter'
import { createGuard } from '@sluice/stampede-guard'
import { Redis } from 'ioredis'
import { arrivals, evenShares, seededRandom, zipfShares } from '../simulations/traffic.js'
import { guardSetting, limiterSetting, nodes, processes } from './nodes-redis.js'

const [kind, given] = process.argv.slice(2)
const options = JSON.parse(given)
const url = process.env.BENCH_REDIS_URL

/** Which of the processes this is. */
const number = await new Redis(url).incr('bench:processes')

/** What falls to this process. */
const own = (shares) => shares.filter((_, at) => at % processes === number - 1)

function traffic(allShares, perSecond, seconds, bursts) {
  const shares = own(allShares)
  const random = seededRandom(number)
  return arrivals({ random, shares, perSecond, seconds, bursts })
}

function createCaches(makeStore) {
  return own(zipfShares(nodes)).map(() => createCache({ store: makeStore() }))
}

const onRedis = () => redisStore({ url, commandTimeout: '10s' })

/** Asks at each arrival. */
async function drive(batches, ask) {
  const startedMs = performance.now()
  const asked = []
  for (const batch of batches) {
    for (const { atMs, node } of batch) {
      const waitMs = startedMs + atMs - performance.now()
      if (waitMs >= 1) await sleep(waitMs)
      asked.push(ask(node))
    }
  }
  await Promise.all(asked)
}

async function consumeAll({ lease }) {
  const { limit, windowMs, demand, seconds } = limiterSetting
  const limiters = createCaches(onRedis).map((cache) =>
    createRateLimiter({ cache, limit, window: windowMs, lease, deadline: '10s' }),
  )
  await Promise.all(limiters.map((limiter) => limiter.peek('all')))
  const admitted = {}
  let requests = 0
  const decide = async (node) => {
    const { allowed, source, decidedAtMs } = await limiters[node].consume('all')
    if (source === 'local') throw new Error('a node has decided by itself')
    requests++
    // Units of a lease count where the store has taken them.
    const window = Math.floor(decidedAtMs / windowMs)
    if (allowed) admitted[window] = (admitted[window] ?? 0) + 1
  }
  const perSecond = (demand * limit * 1000) / windowMs
  const run = () => drive(traffic(zipfShares(nodes), perSecond, seconds, true), decide)
  return { run, told: () => ({ requests, admitted }) }
}

async function readAll({ near, early }) {
  const { ttlMs, loadMs, readsPerSecond, seconds, warmMs } = guardSetting
  const caches = createCaches(near ? () => nearStore(onRedis()) : onRedis)
  const guards = caches.map((cache) => createGuard({ cache, ttl: ttlMs, early }))
  await Promise.all(caches.map((cache) => cache.get('warm')))
  // Links of near stores are open by then.
  await sleep(500)
  const told = { requests: 0, loads: 0 }
  let countsFromMs = Infinity
  const load = async () => {
    if (performance.now() >= countsFromMs) told.loads++
    await sleep(loadMs)
    return 'value'
  }
  const read = async (node) => {
    await guards[node].get('hot', load)
    told.requests++
  }
  const run = () => {
    countsFromMs = performance.now() + warmMs
    return drive(traffic(evenShares(nodes), readsPerSecond, seconds), read)
  }
  return { run, told: () => told }
}

const work = await { limiter: consumeAll, guard: readAll }[kind](options)

async function tell() {
  await work.run()
  process.send(work.told())
}

process.once('message', () => void tell())
process.once('disconnect', () => process.exit())
process.send('ready')
