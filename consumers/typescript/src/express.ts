import { createCache } from '@sluice/core'
import { healthCheck, tenantCache } from '@sluice/core/express'
import { createLocks } from '@sluice/distributed-lock'
import { lockRequest } from '@sluice/distributed-lock/express'
import { limitConcurrency, rateLimit } from '@sluice/rate-limiter/express'
import { requireSession, session } from '@sluice/session-store/express'
import { cacheResponse } from '@sluice/stampede-guard/express'
import express from 'express'

declare module '@sluice/session-store' {
  interface SessionData {
    cart: string[]
  }
}

const cache = createCache()
const locks = createLocks({ cache })
export const app = express()
app.use(rateLimit({ cache, limit: (req) => (req.get('X-Tier') ? 100 : 10), window: '1m' }))
app.use(limitConcurrency({ cache, maxConcurrent: 10 }))
app.use(session({ cache, secret: 'a secret of at least thirty-two bytes', idle: '24h' }))
app.use(tenantCache({ cache, tenant: (req) => req.hostname }))
app.get('/health', healthCheck({ cache }))
app.get('/page', cacheResponse({ cache, ttl: '1m' }), (req, res) => {
  res.cacheTags('page', req.path)
  res.json({ path: req.path })
})
app.post('/order', lockRequest({ locks, key: (req) => req.path }), requireSession(), (req, res) => {
  const id: string | undefined = req.session.id
  req.session.cart = ['tea']
  // @ts-expect-error the id is text, and not of any type
  const number: number = req.session.id
  // @ts-expect-error an attribute that is not declared
  req.session.basket = []
  const remaining: number | undefined = req.rateLimit?.remaining
  res.json({ id, number, remaining, fence: req.lock?.fence, cached: req.tenantCache !== undefined })
})

// @ts-expect-error no secret
session({ cache })
// @ts-expect-error no such option
rateLimit({ cache, limit: 1, window: '1m', maximum: 1 })
// @ts-expect-error no such option
cacheResponse({ cache, ttl: '1m', varry: [] })
// @ts-expect-error no such answer
lockRequest({ locks, key: 'a', status: 500 })
