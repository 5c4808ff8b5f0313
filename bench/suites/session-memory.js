import { createServer } from 'node:http'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { expressSessions } from '../harness/session-apps.js'

export const title = 'Redis memory of an idle session of a visitor, half a kilobyte kept'
export const unit = 'bytes a session'
export const floor = 'express-session, connect-redis'

const count = 2000

/** What the server's memory grows by, for sessions that were begun by requests of their own. */
export async function measure({ handler, start }) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(start, `http://127.0.0.1:${server.address().port}`)
  const redis = new Redis(process.env.BENCH_REDIS_URL)
  await fetch(url)
  const before = await usedBy(redis)
  for (let at = 0; at < count; at += 50) {
    await Promise.all(Array.from({ length: 50 }, async () => (await fetch(url)).arrayBuffer()))
  }
  return { value: ((await usedBy(redis)) - before) / count }
}

/** The sum of what the keys take: the server's own total moves by more than these. */
async function usedBy(redis) {
  const keys = await redis.keys('*')
  const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)))
  return sizes.reduce((sum, size) => sum + size, 0)
}

export const contenders = expressSessions((session) => ({ items: session.cart.length }))
