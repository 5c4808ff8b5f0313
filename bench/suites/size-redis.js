import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { createLocks } from '@sluice/distributed-lock'
import { createRateLimiter } from '@sluice/rate-limiter'
import { createSessions } from '@sluice/session-store'
import { createGuard } from '@sluice/stampede-guard'
import { Redis } from 'ioredis'
import { bytesOfKeys } from '../harness/redis-bytes.js'
import { object } from '../harness/work.js'

export const title = 'Redis memory of one of a thousand, its key included'
export const unit = 'bytes'
export const counted = true
export const floor = 'SET key JSON PX, 1 kB'
export const note =
  'Names are about 20 characters long. A fence stays for some days after the last use of its lock.'

const url = process.env.BENCH_REDIS_URL
const redis = new Redis(url)
const names = Array.from({ length: 1000 }, (_, at) => `customer:${1_000_000 + at}`)

export async function measure({ put }) {
  await redis.flushall()
  for (const name of names) await put(name)
  return { value: (await bytesOfKeys(redis)) / names.length }
}

/** @param make makes the function that leaves one of a name behind */
const contender = (make) => async () => {
  const put = await make(createCache({ store: redisStore({ url }), prefix: 'shop', ttl: '1h' }))
  const check = async () => {
    await put('check')
    if ((await redis.dbsize()) === 0) throw new Error('nothing was kept')
  }
  return { put, check }
}

export const contenders = {
  'SET key JSON PX, 1 kB': contender(
    () => (name) => redis.set(`shop:${name}`, JSON.stringify(object), 'PX', 3_600_000),
  ),
  'a cached value, 1 kB': contender((cache) => (name) => cache.set(name, object)),
  'a guarded value, 1 kB': contender((cache) => {
    const guard = createGuard({ cache, ttl: '1h' })
    return (name) => guard.set(name, object)
  }),
  'a limited client, sliding window': contender((cache) => {
    const limiter = createRateLimiter({ cache, limit: 100, window: '1m', deadline: '10s' })
    return (name) => limiter.consume(name)
  }),
  'a session of two attributes': contender((cache) => {
    const sessions = createSessions({ cache })
    return () => sessions.create({ data: { cart: [1, 2, 3], theme: 'dark' } })
  }),
  'the same, signed in': contender((cache) => {
    const sessions = createSessions({ cache })
    return (userId) => sessions.create({ userId, data: { cart: [1, 2, 3], theme: 'dark' } })
  }),
  'a lock that is held': contender((cache) => {
    const locks = createLocks({ cache, ttl: '1m' })
    return (name) => locks.acquire(name)
  }),
  'the fence of a lock given back': contender((cache) => {
    const locks = createLocks({ cache, ttl: '1m' })
    return async (name) => (await locks.acquire(name)).release()
  }),
}
