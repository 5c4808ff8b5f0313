import { healthCheck } from '@sluice/core/koa'
import { pages, tierOf, type Shop } from '@sluice/example-express-shop'
import { clientKey } from '@sluice/rate-limiter'
import { limitConcurrency, rateLimit } from '@sluice/rate-limiter/koa'
import { session } from '@sluice/session-store/koa'
import Koa from 'koa'
import { answerErrors } from './answer-errors.ts'
import { jsonBody } from './json-body.ts'
import { accountRoutes } from './routes/account.ts'
import { adminRoutes } from './routes/admin.ts'
import { cartRoutes } from './routes/cart.ts'
import { orderRoutes } from './routes/orders.ts'
import { productRoutes } from './routes/products.ts'
import { under } from './routing.ts'
import { staticFiles } from './static-files.ts'

/** Serves the shop with Koa: one cache under all of the middleware. */
export function createApp(shop: Shop): Koa {
  const { cache, sessionSecret } = shop
  const app = new Koa()

  app.use(answerErrors)
  app.use(staticFiles(pages))
  app.use(healthCheck({ cache, path: '/health' }))
  app.use(productRoutes(shop))
  app.use(
    under(
      '/api',
      rateLimit({
        cache,
        name: 'api',
        window: '1m',
        limit: ({ path }) => tierOf(path).limit,
        key: ({ path, ip }) => `${tierOf(path).name} ${clientKey(ip)}`,
      }),
      limitConcurrency({ cache, name: 'api', maxConcurrent: 100 }),
      jsonBody({ maxBytes: 10 * 1024 }),
      session({ cache, secret: sessionSecret, idle: '24h' }),
      accountRoutes(shop),
      cartRoutes(shop),
      orderRoutes(shop),
      adminRoutes(shop),
    ),
  )
  return app
}
