import { healthCheck } from '@sluice/core/express'
import { clientKey } from '@sluice/rate-limiter'
import { limitConcurrency, rateLimit } from '@sluice/rate-limiter/express'
import { session } from '@sluice/session-store/express'
import express, { type Express, type Request } from 'express'
import { answerError, refuseUnknown } from './answer-error.ts'
import { accountRoutes } from './routes/account.ts'
import { adminRoutes } from './routes/admin.ts'
import { cartRoutes } from './routes/cart.ts'
import { orderRoutes } from './routes/orders.ts'
import { productRoutes } from './routes/products.ts'
import { pages, tierOf, type Shop, type Tier } from './shop/index.ts'

/** Serves the shop with Express: one cache under all of the middleware. */
export function createApp(shop: Shop): Express {
  const { cache, sessionSecret } = shop
  const app = express()

  app.use(
    express.static(pages.folder, {
      setHeaders: (res) => void res.setHeader('Cache-Control', pages.caching),
    }),
  )
  app.get('/health', healthCheck({ cache }))
  app.use('/products', productRoutes(shop))
  app.use(
    '/api',
    rateLimit({
      cache,
      name: 'api',
      window: '1m',
      limit: (req) => tierOfRequest(req).limit,
      key: (req) => `${tierOfRequest(req).name} ${clientKey(req.ip)}`,
    }),
    limitConcurrency({ cache, name: 'api', maxConcurrent: 100 }),
    express.json({ limit: '10kb' }),
    session({ cache, secret: sessionSecret, idle: '24h' }),
  )
  app.use('/api', accountRoutes(shop), cartRoutes(shop), orderRoutes(shop))
  app.use('/api/admin', adminRoutes(shop))
  app.use(refuseUnknown, answerError)
  return app
}

/** By the path that Express routes by, which is not `originalUrl` for a request that names the host in its first line. */
function tierOfRequest({ baseUrl, path }: Request): Tier {
  return tierOf(baseUrl + path)
}
