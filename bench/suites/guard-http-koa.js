import Koa from 'koa'
import koaCash from 'koa-cash'
import { LRUCache } from 'lru-cache'
import { createCache } from '@sluice/core'
import { cacheResponse } from '@sluice/stampede-guard/koa'
import { besideEach } from '../harness/budgets.js'
import { bytes, server } from '../harness/guard-http.js'
import { measureServer as measure } from '../harness/http.js'

export const title = 'A request to Koa 3, answered with 10 kB from memory'
export const unit = 'ns a request'
export const floor = 'koa, the same bytes'
export const note =
  'koa-cash keeps what says private or no-store, and gives one user the answer made for another.'
export const budgets = [
  ...besideEach('sluice', ['koa, the same bytes'], { atLeast: 0.85 }),
  ...besideEach('sluice', ['koa-cash']),
]
export { measure }

function app(cached, ...middleware) {
  return server(
    (makePage) => {
      const koa = new Koa()
      for (const one of middleware) koa.use(one)
      return koa.use((ctx) => void (ctx.body = makePage())).callback()
    },
    { cached },
  )
}

/** Nothing is made, nothing is looked up. */
function sameBytes(ctx) {
  ctx.type = 'application/json; charset=utf-8'
  ctx.body = bytes
}

function cash() {
  const kept = new LRUCache({ max: 1000 })
  return koaCash({
    maxAge: 3_600_000,
    get: async (key) => kept.get(key),
    set: async (key, value, ttl) => void kept.set(key, value, { ttl }),
  })
}

const askCash = async (ctx, next) => {
  if (!(await ctx.cashed())) await next()
}

export const contenders = {
  'koa, the same bytes': async () => app(false, sameBytes),
  'koa, made each time': async () => app(false),
  sluice: async () => app(true, cacheResponse({ cache: createCache(), ttl: '1h' })),
  'koa-cash': async () => app(true, cash(), askCash),
}
