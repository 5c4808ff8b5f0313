import { purgeResponses } from '@sluice/stampede-guard/express'
import { Router } from 'express'
import { listTag, type Shop } from '../shop/index.ts'

/** A look inside, and a way to forget products. A real shop would ask who wants to know. */
export function adminRoutes({ cache, catalogue }: Shop): Router {
  const routes = Router()
  const responses = purgeResponses({ cache })

  routes.get('/stats', (_req, res) => {
    res.json({ pid: process.pid, store: cache.store.kind, sourceLoads: catalogue.sourceLoads() })
  })

  routes.delete('/products', async (_req, res) => {
    await responses.byTag(listTag)
    res.json({ forgotten: true })
  })

  routes.delete('/products/:id', async (req, res) => {
    res.json({ forgotten: await catalogue.forget(req.params.id) })
  })

  return routes
}
