import { createCache } from '@sluice/core'
import { rateLimit } from '@sluice/rate-limiter/express'
import { requireSession, session } from '@sluice/session-store/express'
import express from 'express'
import { createCatalogue, secret, shipTwice, visit } from './example.js'

const cache = createCache({ prefix: 'shop' })
const catalogue = createCatalogue(cache)
const app = express()
app.use(rateLimit({ cache, limit: 100, window: '1m' }))
app.use(session({ cache, secret, idle: '24h' }))
app.get('/sign-in', async (req, res) => {
  await req.session.signIn('ada')
  res.json({})
})
app.get('/me', requireSession(), (req, res) => void res.json({ user: req.session.userId }))
app.get('/products/:id', async (req, res) => {
  res.json(await catalogue.product(req.params.id))
})

await visit(app.listen(0, '127.0.0.1'), catalogue)
await shipTwice(cache)
await cache.close()
