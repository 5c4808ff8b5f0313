import type { Cache } from '@sluice/core'
import { Router } from 'express'
import type { Catalogue } from './catalogue.ts'

/** A look inside, and a way to forget a product. A real shop would ask who wants to know. */
export function adminRoutes(cache: Cache, catalogue: Catalogue): Router {
  const routes = Router()
  routes.get('/stats', (_req, res) => {
    res.json({ pid: process.pid, store: cache.store.kind, sourceLoads: catalogue.sourceLoads() })
  })
  routes.delete('/products/:id', async (req, res) => {
    res.json({ forgotten: await catalogue.forget(req.params.id) })
  })
  return routes
}
