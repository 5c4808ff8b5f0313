import KoaLimiter from 'koa-ratelimit/limiter/redis.js'
import { createRateLimiter } from '@sluice/rate-limiter'
import { Redis } from 'ioredis'
import { flexible, redisCache, startedStoreOfPeer, url } from '../harness/limiter.js'
import { bytesOfKeys } from '../harness/redis-bytes.js'

export const title =
  'Memory of Redis for a client that made 100 requests of 100 a minute, its key included'
export const unit = 'bytes'
export const counted = true
export const floor = 'rate-limit-redis'
export const note =
  'Fixed windows keep one count and sliding ones two; a sliding log, as koa-ratelimit has, keeps the time of every request. "short": the same state under the name that rate-limit-redis gives, for the state alone.'
export const budgets = ['sliding-window', 'fixed-window', 'token-bucket'].map((algorithm) => ({
  contender: `sluice, ${algorithm}, short`,
  atMost: 110,
}))

const clients = Array.from({ length: 1000 }, (_, at) => `198.51.${at >> 8}.${at & 255}`)

/** Of 1000 clients in turn, what Redis says that their keys take, on the average. */
export async function measure({ take, rename }) {
  const redis = new Redis(url)
  await redis.flushall()
  for (let turn = 0; turn < 100; turn++) await Promise.all(clients.map((client) => take(client)))
  const keys = await redis.keys('*')
  if (keys.length !== clients.length) throw new Error(`${keys.length} keys`)
  if (rename !== undefined) {
    await Promise.all(keys.map((key) => redis.rename(key, rename(key))))
  }
  return { value: (await bytesOfKeys(redis)) / clients.length }
}

function sluice(algorithm, rename) {
  const limiter = createRateLimiter({
    cache: redisCache('s'),
    limit: 100,
    window: '1m',
    algorithm,
    deadline: '10s',
  })
  return { take: (client) => limiter.consume(client), rename }
}

/** The name that rate-limit-redis would give: what is left is what the counting takes. */
const short = (key) => `rl:${/\{(.*)\}/.exec(key)[1]}`

export const contenders = {
  'rate-limit-redis': async () => {
    const store = await startedStoreOfPeer()
    return { take: (client) => store.increment(client) }
  },
  'rate-limiter-flexible': () => {
    const limiter = flexible({ points: 100 })
    return { take: (client) => limiter.consume(client) }
  },
  'koa-ratelimit': () => {
    const db = new Redis(url)
    const take = (id) => new KoaLimiter({ db, id, max: 100, duration: 60_000 }).get()
    return { take }
  },
  'sluice, sliding-window': () => sluice('sliding-window'),
  'sluice, sliding-window, short': () => sluice('sliding-window', short),
  'sluice, fixed-window': () => sluice('fixed-window'),
  'sluice, fixed-window, short': () => sluice('fixed-window', short),
  'sluice, token-bucket': () => sluice('token-bucket'),
  'sluice, token-bucket, short': () => sluice('token-bucket', short),
  'sluice, sliding-log': () => sluice('sliding-log'),
}
