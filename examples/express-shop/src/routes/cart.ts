import { lockRequest } from '@sluice/distributed-lock/express'
import { Router } from 'express'
import {
  addToCart,
  checkOut,
  checkoutLock,
  readProductId,
  showCart,
  type Shop,
} from '../shop/index.ts'

/** The cart of a session, and its checkout: one at a time. */
export function cartRoutes({ locks, orders }: Shop): Router {
  const routes = Router()

  routes.get('/cart', (req, res) => {
    res.json(showCart(req.session))
  })

  routes.post('/cart', async (req, res) => {
    res.json(await addToCart(req.session, readProductId(req.body)))
  })

  // Another checkout of the same cart is answered with 409. A visitor without a stored session has nothing to check out.
  const oneAtATime = lockRequest({
    locks,
    key: (req) => checkoutLock(req.session),
    skip: (req) => req.session.isNew,
  })
  routes.post('/checkout', oneAtATime, async (req, res) => {
    res.status(201).json({ order: await checkOut(req.session, orders) })
  })

  return routes
}
