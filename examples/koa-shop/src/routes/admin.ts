import type { Shop } from '@sluice/example-express-shop'
import { listTag } from '@sluice/example-express-shop'
import { purgeResponses } from '@sluice/stampede-guard/koa'
import type { Middleware } from 'koa'
import { inTurn, route } from '../routing.ts'

/** A look inside, and a way to forget products. A real shop would ask who wants to know. */
export function adminRoutes({ cache, catalogue }: Shop): Middleware {
  const responses = purgeResponses({ cache })
  return inTurn([
    route('GET /api/admin/stats', (ctx) => {
      const { kind } = cache.store
      ctx.body = { pid: process.pid, store: kind, sourceLoads: catalogue.sourceLoads() }
    }),

    route('DELETE /api/admin/products', async (ctx) => {
      await responses.byTag(listTag)
      ctx.body = { forgotten: true }
    }),

    route('DELETE /api/admin/products/:id', async (ctx) => {
      ctx.body = { forgotten: await catalogue.forget(ctx.routeId) }
    }),
  ])
}
