import apicache from 'apicache'
import { createCache } from '@sluice/core'
import { cacheResponse } from '@sluice/stampede-guard/express'
import express from 'express'
import { besideEach } from '../harness/budgets.js'
import { bytes, server } from '../harness/guard-http.js'
import { measureServer as measure } from '../harness/http.js'

export const title = 'A request to Express 5, answered with 10 kB from memory'
export const unit = 'ns a request'
export const floor = 'express, the same bytes'
export const note =
  'apicache keeps what says private or no-store, and gives one user the answer made for another.'
export const budgets = [
  ...besideEach('sluice', ['express, the same bytes'], { atLeast: 0.85 }),
  ...besideEach('sluice', ['apicache']),
]
export { measure }

function app(...middleware) {
  return server(
    (makePage) => {
      const handler = express()
      handler.get('/', ...middleware, (_req, res) => void res.json(makePage()))
      return handler
    },
    { cached: middleware.length > 0 },
  )
}

/** Nothing is made, nothing is looked up. */
function sameBytes() {
  const headers = { 'Content-Type': 'application/json; charset=utf-8' }
  return server(
    () => {
      const handler = express()
      handler.get('/', (_req, res) => {
        res.writeHead(200, { ...headers, 'Content-Length': bytes.length }).end(bytes)
      })
      return handler
    },
    { cached: false },
  )
}

export const contenders = {
  'express, the same bytes': async () => sameBytes(),
  'express, made each time': async () => app(),
  sluice: async () => app(cacheResponse({ cache: createCache(), ttl: '1h' })),
  apicache: async () => app(apicache.middleware('1 hour')),
}
