import type { RootCache } from '@sluice/core'
import { createLocks, type Locks } from '@sluice/distributed-lock'
import { createSessions, type Sessions } from '@sluice/session-store'
import { createCatalogue, type Catalogue } from './catalogue.ts'
import { createOrders, type Orders } from './orders.ts'

/** What the shop is built on. */
export interface ShopOptions {
  readonly cache: RootCache
  /** Signs the session's cookie. */
  readonly sessionSecret: string
}

/** What an application of any framework serves: one cache under all of it. */
export interface Shop extends ShopOptions {
  readonly catalogue: Catalogue
  readonly locks: Locks
  readonly orders: Orders
  readonly sessions: Sessions
  /** Lets the work in the background finish. The cache stays open: it is its owner's. */
  stop(): Promise<void>
}

/** Makes the shop. */
export function createShop({ cache, sessionSecret }: ShopOptions): Shop {
  const locks = createLocks({ cache, ttl: '10s' })
  const catalogue = createCatalogue(cache)
  const orders = createOrders(cache, locks)
  return {
    cache,
    sessionSecret,
    catalogue,
    locks,
    orders,
    sessions: createSessions({ cache }),
    async stop() {
      await Promise.all([catalogue.stop(), orders.stop()])
    },
  }
}
