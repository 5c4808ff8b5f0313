import type { RootCache } from '@sluice/core'
import { healthCheck } from '@sluice/core/express'
import { clientKey } from '@sluice/rate-limiter'
import { limitConcurrency, rateLimit } from '@sluice/rate-limiter/express'
import { createSessions } from '@sluice/session-store'
import { session } from '@sluice/session-store/express'
import express, { type Express } from 'express'
import { fileURLToPath } from 'node:url'
import { accountRoutes } from './account.ts'
import { adminRoutes } from './admin.ts'
import { createCatalogue, productRoutes } from './catalogue.ts'
import { answerError } from './errors.ts'
import { tierOf } from './limits.ts'
import { createOrders, orderRoutes } from './orders.ts'

/** What the shop is built on. */
export interface ShopOptions {
  readonly cache: RootCache
  readonly sessionSecret: string
}

/** The application, and the work it does in the background. */
export interface Shop {
  readonly app: Express
  /** Lets the order under way finish. */
  stop(): Promise<void>
}

const pages = fileURLToPath(new URL('../public', import.meta.url))

/** Wires the packages together: one cache under all of them. */
export function createShop({ cache, sessionSecret }: ShopOptions): Shop {
  const catalogue = createCatalogue(cache)
  const orders = createOrders(cache)
  const sessions = createSessions({ cache })
  const app = express()

  app.use(express.static(pages))
  app.get('/health', healthCheck({ cache }))
  app.use('/products', productRoutes(catalogue))
  app.use(
    '/api',
    rateLimit({
      cache,
      name: 'api',
      window: '1m',
      limit: (req) => tierOf(req).limit,
      key: (req) => `${tierOf(req).name} ${clientKey(req.ip)}`,
    }),
    limitConcurrency({ cache, name: 'api', maxConcurrent: 100 }),
    express.json({ limit: '10kb' }),
    session({ cache, secret: sessionSecret, idle: '24h' }),
  )
  app.use('/api', accountRoutes(sessions), orderRoutes(orders))
  app.use('/api/admin', adminRoutes(cache, catalogue))
  app.use(answerError)
  return { app, stop: () => orders.stop() }
}
