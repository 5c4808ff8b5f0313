import { readOrderId, type Shop } from '@sluice/example-express-shop'
import type { Middleware } from 'koa'
import { inTurn, route } from '../routing.ts'

/** Orders, and the locks that they are shipped under. */
export function orderRoutes({ orders }: Shop): Middleware {
  return inTurn([
    route('POST /api/orders', async (ctx) => {
      ctx.body = await orders.accept(readOrderId(ctx.request.body))
      ctx.status = 202
    }),

    route('GET /api/orders/:id', async (ctx) => {
      const order = await orders.find(ctx.routeId)
      ctx.body = { ...order, lock: await orders.lock(ctx.routeId) }
    }),
  ])
}
