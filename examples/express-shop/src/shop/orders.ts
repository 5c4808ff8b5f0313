import { setTimeout as sleep } from 'node:timers/promises'
import { StoreUnavailableError, type Cache } from '@sluice/core'
import { withLock, type LockInspection, type Locks } from '@sluice/distributed-lock'
import { RequestError } from './request-error.ts'

/** An order on its way. */
export interface Order {
  readonly id: string
  readonly status: 'accepted' | 'shipped'
  /** How often it was shipped. One, however many processes were told of it. */
  readonly shipments: number
  /** The process that shipped it. */
  readonly shippedBy?: number
  /** Ids of products, of an order that was a cart. */
  readonly items?: readonly string[]
}

/** Orders, shipped in the background. */
export interface Orders {
  /** Notes the order and ships it soon. Told twice, here or in another process, it is shipped once. */
  accept(id: string, items?: readonly string[]): Promise<Order>
  /** @throws RequestError (404) */
  find(id: string): Promise<Order>
  /** Who is shipping it now. */
  lock(id: string): Promise<LockInspection>
  stop(): Promise<void>
}

const shippingMs = 400
const retryMs = 500

/** The cache stands in for the database that this shop does not have: orders are gone after an hour. */
export function createOrders(cache: Cache, locks: Locks): Orders {
  const records = cache.namespace('orders')
  const underWay = new Set<Promise<void>>()
  let stopped = false

  /** Under the lock: what was shipped meanwhile is not shipped again. */
  const ship = withLock(locks, { key: lockName, wait: '1m' }, async (id: string) => {
    const order = await records.get<Order>(id)
    if (order === undefined || order.status === 'shipped') return
    await sleep(shippingMs)
    await records.update<Order>(id, (now = order) => ({
      ...now,
      status: 'shipped',
      shipments: now.shipments + 1,
      shippedBy: process.pid,
    }))
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
    async accept(id, items) {
      const accepted: Order = {
        id,
        status: 'accepted',
        shipments: 0,
        ...(items === undefined ? {} : { items }),
      }
      await records.setIfAbsent(id, accepted)
      const job = shipUntilDone(id).finally(() => underWay.delete(job))
      underWay.add(job)
      return (await records.get<Order>(id)) ?? accepted
    },
    async find(id) {
      const order = await records.get<Order>(id)
      if (order === undefined) throw new RequestError(404, 'No such order')
      return order
    },
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
