import type { Context, DefaultState, Middleware } from 'koa'
import type { Cache } from './cache.ts'
import { fromKoa } from './http/index.ts'
import { healthResponder, type HealthCheckOptions } from './http/health.ts'
import { tenantResolver, type TenantCacheOptions } from './http/tenant.ts'

export type { Health, HealthCheckOptions } from './http/health.ts'
export type { TenantCacheOptions } from './http/tenant.ts'

declare module 'koa' {
  interface ExtendableContext {
    /** The view of this request's tenant, set by `tenantCache()`. */
    tenantCache?: Cache
  }
}

/**
 * Gives each request the cache of its tenant as `ctx.tenantCache`. A request without a tenant fails with a
 * `TenantError` (400).
 *
 * @example
 * app.use(tenantCache({ cache, tenant: (ctx) => ctx.state.user?.tenantId }))
 */
export function tenantCache(options: TenantCacheOptions<Context>): Middleware {
  const resolve = tenantResolver(options)
  return async function tenantCache(ctx, next) {
    ctx.tenantCache = await resolve(ctx)
    await next()
  }
}

/**
 * Answers with the health of the cache's store: 200 or 503, within the store's deadline.
 *
 * @example
 * app.use(healthCheck({ cache, path: '/health' }))
 */
export function healthCheck(options: HealthCheckOptions): Middleware<DefaultState> {
  const respond = healthResponder(options)
  return async function healthCheck(ctx, next) {
    if (!(await respond(fromKoa(ctx)))) await next()
  }
}
