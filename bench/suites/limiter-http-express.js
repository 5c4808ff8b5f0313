import express from 'express'
import { rateLimit as peer } from 'express-rate-limit'
import { rateLimit } from '@sluice/rate-limiter/express'
import { besideEach } from '../harness/budgets.js'
import { measureServer as measure } from '../harness/http.js'
import { limited, unlimited } from '../harness/limiter-http.js'
import { ample, redisCache, redisStoreOfPeer } from '../harness/limiter.js'

export const title = 'A request to Express 5, limited on Redis'
export const unit = 'ns a request'
export const floor = 'express-rate-limit, Redis'
export const note =
  'Sluice sends both the RateLimit and the X-RateLimit headers, and counts in sliding windows; "all headers" is the peer with both as well.'
export const budgets = besideEach('sluice', ['express-rate-limit, Redis'], { atLeast: 1.15 })
export { measure }

function app(...middleware) {
  const handler = express()
  for (const one of middleware) handler.use(one)
  return handler.get('/', (_req, res) => void res.json({ ok: true }))
}

const asItsReadmeSays = { standardHeaders: 'draft-8', legacyHeaders: false }
const allHeaders = { standardHeaders: 'draft-8', legacyHeaders: true }

function expressRateLimit(headers) {
  return limited((limit, prefix) => {
    const store = redisStoreOfPeer(undefined, { prefix })
    return app(peer({ windowMs: 60_000, limit, store, ...headers }))
  })
}

export const contenders = {
  'express alone': async () => unlimited(app()),
  sluice: async () =>
    limited((limit, name) => app(rateLimit({ cache: redisCache(name), ...ample, limit }))),
  'express-rate-limit, Redis': async () => expressRateLimit(asItsReadmeSays),
  'express-rate-limit, all headers': async () => expressRateLimit(allHeaders),
}
