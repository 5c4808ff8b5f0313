import { createCache } from '@sluice/core'
import { healthCheck, tenantCache } from '@sluice/core/koa'
import { createLocks } from '@sluice/distributed-lock'
import { lockRequest } from '@sluice/distributed-lock/koa'
import { limitConcurrency, rateLimit } from '@sluice/rate-limiter/koa'
import { requireSession, session } from '@sluice/session-store/koa'
import { cacheResponse } from '@sluice/stampede-guard/koa'
import Koa from 'koa'

const cache = createCache()
const locks = createLocks({ cache })
export const app = new Koa()
app.use(healthCheck({ cache, path: '/health' }))
app.use(rateLimit({ cache, limit: (ctx) => (ctx.get('X-Tier') ? 100 : 10), window: '1m' }))
app.use(limitConcurrency({ cache, maxConcurrent: 10 }))
app.use(session({ cache, secret: 'a secret of at least thirty-two bytes', idle: '24h' }))
app.use(tenantCache({ cache, tenant: (ctx) => ctx.hostname }))
app.use(cacheResponse({ cache, ttl: '1m' }))
app.use(lockRequest({ locks, key: (ctx) => ctx.path }))
app.use(requireSession({ fresh: '15m' }))
app.use((ctx) => {
  const id: string | undefined = ctx.session.id
  // Declared in express.ts, for the sessions of both frameworks.
  ctx.session.cart = ['tea']
  // @ts-expect-error the id is text, and not of any type
  const number: number = ctx.session.id
  // @ts-expect-error an attribute that is not declared
  ctx.session.basket = []
  const remaining: number | undefined = ctx.state.rateLimit?.remaining
  ctx.cacheTags('page', ctx.path)
  ctx.body = {
    id,
    number,
    remaining,
    fence: ctx.state.lock?.fence,
    cached: ctx.tenantCache !== undefined,
  }
})

// @ts-expect-error no secret
session({ cache })
// @ts-expect-error no such option
rateLimit({ cache, limit: 1, window: '1m', maximum: 1 })
// @ts-expect-error no such option
cacheResponse({ cache, ttl: '1m', varry: [] })
// @ts-expect-error no such answer
lockRequest({ locks, key: 'a', status: 500 })
