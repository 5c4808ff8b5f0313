import { createCache } from '@sluice/core'
import { rateLimit } from '@sluice/rate-limiter/koa'
import { requireSession, session } from '@sluice/session-store/koa'
import Koa from 'koa'
import { createCatalogue, secret, shipTwice, visit } from './example.js'

const cache = createCache({ prefix: 'shop' })
const catalogue = createCatalogue(cache)
const signedIn = requireSession()
const routes = {
  '/sign-in': async (ctx) => {
    await ctx.session.signIn('ada')
    ctx.body = {}
  },
  '/me': (ctx) =>
    signedIn(ctx, async () => {
      ctx.body = { user: ctx.session.userId }
    }),
  '/products/tea': async (ctx) => {
    ctx.body = await catalogue.product('tea')
  },
}
const app = new Koa()
app.use(rateLimit({ cache, limit: 100, window: '1m' }))
app.use(session({ cache, secret, idle: '24h' }))
app.use((ctx) => routes[ctx.path]?.(ctx))

await visit(app.listen(0, '127.0.0.1'), catalogue)
await shipTwice(cache)
await cache.close()
