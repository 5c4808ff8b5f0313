import { Router } from 'express'
import { readOrderId, type Shop } from '../shop/index.ts'

/** Orders, and the locks that they are shipped under. */
export function orderRoutes({ orders }: Shop): Router {
  const routes = Router()

  routes.post('/orders', async (req, res) => {
    res.status(202).json(await orders.accept(readOrderId(req.body)))
  })

  routes.get('/orders/:id', async (req, res) => {
    const order = await orders.find(req.params.id)
    res.json({ ...order, lock: await orders.lock(req.params.id) })
  })

  return routes
}
