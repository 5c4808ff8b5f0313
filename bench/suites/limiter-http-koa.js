import { Redis } from 'ioredis'
import Koa from 'koa'
import peer from 'koa-ratelimit'
import { rateLimit } from '@sluice/rate-limiter/koa'
import { besideEach } from '../harness/budgets.js'
import { measureServer as measure } from '../harness/http.js'
import { limited, unlimited } from '../harness/limiter-http.js'
import { ample, redisCache, url } from '../harness/limiter.js'

export const title = 'A request to Koa 3, limited on Redis'
export const unit = 'ns a request'
export const floor = 'koa-ratelimit'
export const note = 'koa-ratelimit keeps the time of every request, by the clock of the caller.'
export const budgets = besideEach('sluice', ['koa-ratelimit'], { atLeast: 1.1 })
export { measure }

function app(...middleware) {
  const koa = new Koa()
  for (const one of middleware) koa.use(one)
  return koa.use((ctx) => void (ctx.body = { ok: true })).callback()
}

function koaRatelimit(max, name) {
  const id = ({ ip }) => `${name}:${ip}`
  return app(peer({ driver: 'redis', db: new Redis(url), duration: 60_000, max, id }))
}

export const contenders = {
  'koa alone': async () => unlimited(app()),
  sluice: async () =>
    limited((limit, name) => app(rateLimit({ cache: redisCache(name), ...ample, limit }))),
  'koa-ratelimit': async () => limited(koaRatelimit),
}
