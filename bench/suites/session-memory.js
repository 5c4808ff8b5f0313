import { Redis } from 'ioredis'
import { bytesOfKeys } from '../harness/redis-bytes.js'
import { whileServing } from '../harness/serve.js'
import { answering, expressApps, koaApps, routes } from '../harness/session-apps.js'

export const title = 'Redis memory of an idle session of a visitor, half a kilobyte kept'
export const unit = 'bytes a session'
export const counted = true
export const floor = 'express-session, connect-redis'
export const note =
  'Sluice keeps each attribute by itself, so that two requests do not overwrite each other; the others keep one text.'

const count = 1000

/** What the keys grow by, for sessions that were begun by requests of their own. */
export function measure({ handler, start }) {
  return whileServing(handler, async (get) => {
    const redis = new Redis(process.env.BENCH_REDIS_URL)
    await redis.flushall()
    for (let at = 0; at < count; at += 50) {
      await Promise.all(Array.from({ length: 50 }, async () => (await get(start)).arrayBuffer()))
    }
    return { value: (await bytesOfKeys(redis)) / count }
  })
}

const apps = { ...expressApps, 'koa-session, ioredis': koaApps['koa-session, ioredis'] }

export const contenders = answering(apps, routes.read, [{ items: 10 }])
