import express from 'express'
import { rateLimit as peer } from 'express-rate-limit'
import { rateLimit } from '@sluice/rate-limiter/express'
import { measureServer as measure } from '../harness/http.js'
import { ample, redisCache, redisStoreOfPeer } from '../harness/limiter.js'

export const title = 'A request to Express 5, limited on Redis'
export const unit = 'ns a request'
export const floor = 'express-rate-limit, Redis'
export { measure }

process.env.NODE_ENV = 'production'

function app(...middleware) {
  const handler = express()
  for (const one of middleware) handler.use(one)
  handler.get('/', (_req, res) => void res.json({ ok: true }))
  return { handler }
}

const asItsReadmeSays = { standardHeaders: 'draft-8', legacyHeaders: false }
const allHeaders = { standardHeaders: 'draft-8', legacyHeaders: true }

function expressRateLimit(headers) {
  const options = { windowMs: 60_000, limit: ample.limit, store: redisStoreOfPeer(), ...headers }
  return app(peer(options))
}

export const contenders = {
  'express alone': () => app(),
  sluice: () => app(rateLimit({ cache: redisCache(), ...ample })),
  'express-rate-limit, Redis': () => expressRateLimit(asItsReadmeSays),
  'express-rate-limit, all headers': () => expressRateLimit(allHeaders),
}
