import { createCache } from '@sluice/core'
import { redisStore } from '@sluice/core/redis'
import { session } from '@sluice/session-store/koa'
import { Redis } from 'ioredis'
import Koa from 'koa'
import peer from 'koa-session'
import { measureServer as measure } from '../harness/http.js'

export const title = 'A request to Koa 3 that reads its session on Redis'
export const unit = 'ns a request'
export const floor = 'koa-session, ioredis'
export { measure }

process.env.NODE_ENV = 'production'

const url = process.env.BENCH_REDIS_URL
const secret = 'a secret of thirty-two bytes or so, for the bench'
const idleMs = 24 * 60 * 60 * 1000

function answer(ctx) {
  if (ctx.path === '/start') ctx.session.cart = [{ sku: 'item', count: 1 }]
  ctx.body = { items: ctx.session.cart.length }
}

/** The store that koa-session's documents describe, in a few lines of ioredis. */
function ioredisStore() {
  const redis = new Redis(url)
  return {
    get: async (key) => JSON.parse((await redis.get(key)) ?? 'null'),
    set: (key, value, maxAge) => redis.set(key, JSON.stringify(value), 'PX', maxAge),
    destroy: (key) => redis.del(key),
  }
}

export const contenders = {
  sluice() {
    const koa = new Koa()
    const cache = createCache({ store: redisStore({ url }) })
    koa.use(session({ cache, secret, idle: idleMs })).use(answer)
    return { handler: koa.callback(), start: '/start' }
  },
  'koa-session, ioredis'() {
    const koa = new Koa()
    koa.keys = [secret]
    koa.use(peer({ store: ioredisStore(), maxAge: idleMs }, koa)).use(answer)
    return { handler: koa.callback(), start: '/start' }
  },
}
