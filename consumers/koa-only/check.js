// The oldest Koa that is supported, without Express and without ioredis.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createCache } from '@sluice/core'
import { healthCheck, tenantCache } from '@sluice/core/koa'
import { createLocks } from '@sluice/distributed-lock'
import { lockRequest } from '@sluice/distributed-lock/koa'
import { rateLimit } from '@sluice/rate-limiter/koa'
import { session } from '@sluice/session-store/koa'
import { cacheResponse } from '@sluice/stampede-guard/koa'
import Koa from 'koa'

const cache = createCache()
const locks = createLocks({ cache })
const cached = cacheResponse({ cache, ttl: '1m' })
const app = new Koa()
app.use(healthCheck({ cache, path: '/health' }))
app.use(rateLimit({ cache, limit: 100, window: '1m' }))
app.use(tenantCache({ cache, tenant: () => 'acme' }))
app.use((ctx, next) => (ctx.path === '/page' ? cached(ctx, next) : next()))
app.use(session({ cache, secret: 'a secret of at least thirty-two bytes' }))
app.use(lockRequest({ locks, key: (ctx) => ctx.path }))
app.use((ctx) => {
  assert.equal(typeof ctx.state.lock?.fence, 'number')
  ctx.body = { isNew: ctx.session.isNew, remaining: ctx.state.rateLimit?.remaining }
})

const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
const address = server.address()
assert.ok(address !== null && typeof address === 'object')
/** @param {string} path */
const ask = (path) => fetch(`http://127.0.0.1:${address.port}${path}`)
assert.equal((await ask('/health')).status, 200)
assert.deepEqual(await (await ask('/')).json(), { isNew: true, remaining: 99 })
await (await ask('/page')).text()
assert.match((await ask('/page')).headers.get('cache-status') ?? '', /hit/)
server.closeAllConnections()
server.close()
await cache.close()
