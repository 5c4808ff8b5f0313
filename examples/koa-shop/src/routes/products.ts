import { listCaching, listTag, type Shop } from '@sluice/example-express-shop'
import { cacheResponse } from '@sluice/stampede-guard/koa'
import type { Middleware } from 'koa'
import { inTurn, route } from '../routing.ts'

/** The list behind `cacheResponse`, one product behind a guard. */
export function productRoutes({ cache, catalogue }: Shop): Middleware {
  return inTurn([
    route(
      'GET /products',
      // The list is the same for everybody: no cookie makes it anybody's own.
      cacheResponse({ cache, ttl: '1m', tags: [listTag], sessionCookies: [] }),
      async (ctx) => {
        const products = await catalogue.list()
        ctx.set('Cache-Control', listCaching)
        ctx.body = { products }
      },
    ),

    route('GET /products/:id', async (ctx) => {
      const found = await catalogue.find(ctx.routeId)
      ctx.status = found.product === null ? 404 : 200
      ctx.body = found
    }),
  ])
}
