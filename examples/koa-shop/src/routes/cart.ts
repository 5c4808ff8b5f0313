import { lockRequest } from '@sluice/distributed-lock/koa'
import {
  addToCart,
  checkOut,
  checkoutLock,
  readProductId,
  showCart,
  type Shop,
} from '@sluice/example-express-shop'
import type { Middleware } from 'koa'
import { inTurn, route } from '../routing.ts'

/** The cart of a session, and its checkout: one at a time. */
export function cartRoutes({ locks, orders }: Shop): Middleware {
  // Another checkout of the same cart is answered with 409. A visitor without a stored session has nothing to check out.
  const oneAtATime = lockRequest({
    locks,
    key: ({ session }) => checkoutLock(session),
    skip: ({ session }) => session.isNew,
  })
  return inTurn([
    route('GET /api/cart', (ctx) => {
      ctx.body = showCart(ctx.session)
    }),

    route('POST /api/cart', async (ctx) => {
      ctx.body = await addToCart(ctx.session, readProductId(ctx.request.body))
    }),

    route('POST /api/checkout', oneAtATime, async (ctx) => {
      ctx.body = { order: await checkOut(ctx.session, orders) }
      ctx.status = 201
    }),
  ])
}
