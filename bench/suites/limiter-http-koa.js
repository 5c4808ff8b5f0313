import { Redis } from 'ioredis'
import Koa from 'koa'
import peer from 'koa-ratelimit'
import { rateLimit } from '@sluice/rate-limiter/koa'
import { measureServer as measure } from '../harness/http.js'
import { ample, redisCache, url } from '../harness/limiter.js'

export const title = 'A request to Koa 3, limited on Redis'
export const unit = 'ns a request'
export const floor = 'koa-ratelimit'
export { measure }

process.env.NODE_ENV = 'production'

function app(...middleware) {
  const koa = new Koa()
  for (const one of middleware) koa.use(one)
  koa.use((ctx) => void (ctx.body = { ok: true }))
  return { handler: koa.callback() }
}

export const contenders = {
  'koa alone': () => app(),
  sluice: () => app(rateLimit({ cache: redisCache(), ...ample })),
  'koa-ratelimit': () =>
    app(peer({ driver: 'redis', db: new Redis(url), duration: 60_000, max: ample.limit })),
}
