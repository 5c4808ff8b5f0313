import { cacheResponse } from '@sluice/stampede-guard/express'
import { Router } from 'express'
import { listCaching, listTag, type Shop } from '../shop/index.ts'

/** The list behind `cacheResponse`, one product behind a guard. */
export function productRoutes({ cache, catalogue }: Shop): Router {
  const routes = Router()

  // The list is the same for everybody: no cookie makes it anybody's own.
  const cached = cacheResponse({ cache, ttl: '1m', tags: [listTag], sessionCookies: [] })
  routes.get('/', cached, async (_req, res) => {
    const products = await catalogue.list()
    res.set('Cache-Control', listCaching).json({ products })
  })

  routes.get('/:id', async (req, res) => {
    const found = await catalogue.find(req.params.id)
    res.status(found.product === null ? 404 : 200).json(found)
  })

  return routes
}
