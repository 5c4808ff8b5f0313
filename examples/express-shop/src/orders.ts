import { StoreUnavailableError, type Cache } from '@sluice/core'
import { createLocks, withLock, type LockInspection } from '@sluice/distributed-lock'
import { Router } from 'express'
import { setTimeout as sleep } from 'node:timers/promises'

/** An order on its way. */
export interface Order {
  readonly id: string
  readonly status: 'accepted' | 'shipped'
  /** How often it was shipped. One, however many processes were told of it. */
  readonly shipments: number
  /** The process that shipped it. */
  readonly shippedBy?: number
}

/** Orders, shipped in the background. */
export interface Orders {
  /** Notes the order and ships it soon. Told twice, here or in another process, it is shipped once. */
  accept(id: string): Promise<Order>
  find(id: string): Promise<Order | undefined>
  /** Who is shipping it now. */
  lock(id: string): Promise<LockInspection>
  stop(): Promise<void>
}

const shippingMs = 400
const retryMs = 500

/** The cache stands in for the database that this shop does not have: orders are gone after an hour. */
export function createOrders(cache: Cache): Orders {
  const records = cache.namespace('orders')
  const locks = createLocks({ cache, ttl: '10s' })
  const underWay = new Set<Promise<void>>()
  let stopped = false

  /** Under the lock: what was shipped meanwhile is not shipped again. */
  const ship = withLock(locks, { key: lockName, wait: '1m' }, async (id: string) => {
    const order = await records.get<Order>(id)
    if (order === undefined || order.status === 'shipped') return
    await sleep(shippingMs)
    const shipments = await records.increment(`${id}:shipments`)
    await records.set(id, { id, status: 'shipped', shipments, shippedBy: process.pid })
  })

  /** A store that is away is asked again; an order is not forgotten for it. */
  async function shipUntilDone(id: string): Promise<void> {
    while (!stopped) {
      try {
        return await ship(id)
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) return console.error(error)
        await sleep(retryMs)
      }
    }
  }

  return {
    async accept(id) {
      const accepted: Order = { id, status: 'accepted', shipments: 0 }
      await records.setIfAbsent(id, accepted)
      const job = shipUntilDone(id).finally(() => underWay.delete(job))
      underWay.add(job)
      return (await records.get<Order>(id)) ?? accepted
    },
    find: (id) => records.get<Order>(id),
    lock: (id) => locks.inspect(lockName(id)),
    async stop() {
      stopped = true
      await Promise.allSettled(underWay)
    },
  }
}

function lockName(id: string): string {
  return `order:${id}`
}

/** `POST /api/orders`, `GET /api/orders/:id` with its lock. */
export function orderRoutes(orders: Orders): Router {
  const routes = Router()
  routes.post('/orders', async (req, res) => {
    const id: unknown = req.body?.id
    if (typeof id !== 'string' || !/^[\w-]{1,40}$/.test(id)) {
      res.status(400).json({ error: 'Expected "id" to be 1 to 40 letters, digits or dashes' })
      return
    }
    res.status(202).json(await orders.accept(id))
  })
  routes.get('/orders/:id', async (req, res) => {
    const order = await orders.find(req.params.id)
    if (order === undefined) res.status(404).json({ error: 'No such order' })
    else res.json({ ...order, lock: await orders.lock(req.params.id) })
  })
  return routes
}
