// The oldest Express that is supported, without Koa and without ioredis.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createCache } from '@sluice/core'
import { healthCheck, tenantCache } from '@sluice/core/express'
import { createLocks } from '@sluice/distributed-lock'
import { lockRequest } from '@sluice/distributed-lock/express'
import { rateLimit } from '@sluice/rate-limiter/express'
import { session } from '@sluice/session-store/express'
import { cacheResponse } from '@sluice/stampede-guard/express'
import express from 'express'

const cache = createCache()
const locks = createLocks({ cache })
const app = express()
app.get('/health', healthCheck({ cache }))
app.use(rateLimit({ cache, limit: 100, window: '1m' }))
app.use(tenantCache({ cache, tenant: () => 'acme' }))
app.get('/page', cacheResponse({ cache, ttl: '1m' }), (req, res) => void res.json(req.path))
app.use(session({ cache, secret: 'a secret of at least thirty-two bytes' }))
app.get('/', lockRequest({ locks, key: (req) => req.path }), (req, res) => {
  assert.equal(typeof req.lock?.fence, 'number')
  res.json({ isNew: req.session.isNew, remaining: req.rateLimit?.remaining })
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
