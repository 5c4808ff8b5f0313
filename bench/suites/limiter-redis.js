import { besideEach } from '../harness/budgets.js'
import {
  ample,
  flexible,
  plainClient,
  redisLimiter,
  startedStoreOfPeer,
} from '../harness/limiter.js'
import { expectEqual, parallel } from '../harness/work.js'

export const title = 'A decision on Redis, 1000 keys, 64 at a time'
export const unit = 'ns a decision'
export const floor = 'ioredis INCR'
export const slice = 1600
export const note =
  'INCR and rate-limit-redis count in fixed windows. Sluice counts in sliding windows, takes nothing for a refused request, and has deadlines and a local limiter for when Redis is away.'
export const budgets = [
  ...besideEach('sluice', ['ioredis INCR'], { atLeast: 0.85 }),
  ...besideEach('sluice', [
    'rate-limiter-flexible',
    'rate-limiter-flexible, auto-p.',
    'rate-limit-redis',
    'rate-limit-redis, auto-p.',
  ]),
]

/** @param countOf how many decisions of its key an answer has counted, more or less a constant */
function contender(consume, countOf) {
  return {
    run: parallel(64, consume),
    async check() {
      const key = `check:${process.pid}`
      const first = countOf(await consume(key))
      expectEqual(countOf(await consume(key)) - first, 1)
    },
  }
}

function sluice(options) {
  const limiter = redisLimiter(options)
  return contender(
    (key) => limiter.consume(key),
    ({ remaining }) => -remaining,
  )
}

async function increments(options) {
  const redis = await plainClient(options)
  return contender(
    (key) => redis.incr(`incr:${key}`),
    (count) => count,
  )
}

async function flexibleOn(client) {
  const limiter = flexible({}, client)
  return contender(
    (key) => limiter.consume(key),
    ({ consumedPoints }) => consumedPoints,
  )
}

async function storeOn(client) {
  const store = await startedStoreOfPeer(client)
  return contender(
    (key) => store.increment(key),
    ({ totalHits }) => totalHits,
  )
}

const batching = { enableAutoPipelining: true }

/** So few units a second that none flows back between two decisions. */
const slow = { limit: 1_000_000, window: '30d' }

const three = [
  { name: 'second', limit: 1_000_000, window: '1s' },
  { name: 'minute', limit: 10_000_000, window: '1m' },
  { name: 'day', limit: 20_000_000, window: '1d' },
]

export const contenders = {
  'ioredis INCR': () => increments({}),
  'ioredis INCR, auto-pipelining': () => increments(batching),
  sluice: () => sluice(ample),
  'sluice, token-bucket': () => sluice({ ...slow, algorithm: 'token-bucket' }),
  'sluice, three policies': () => sluice({ policies: three }),
  'rate-limiter-flexible': () => flexibleOn(),
  'rate-limiter-flexible, auto-p.': async () => flexibleOn(await plainClient(batching)),
  'rate-limit-redis': () => storeOn(),
  'rate-limit-redis, auto-p.': async () => storeOn(await plainClient(batching)),
}
