import type { Request, RequestHandler } from 'express'
import type { Cache } from './cache.ts'
import { fromExpress } from './http/index.ts'
import { healthResponder, type HealthCheckOptions } from './http/health.ts'
import { tenantResolver, type TenantCacheOptions } from './http/tenant.ts'

export type { Health, HealthCheckOptions } from './http/health.ts'
export type { TenantCacheOptions } from './http/tenant.ts'

declare global {
  namespace Express {
    interface Request {
      /** The view of this request's tenant, set by `tenantCache()`. */
      tenantCache?: Cache
    }
  }
}

/**
 * Gives each request the cache of its tenant as `req.tenantCache`. A request without a tenant goes to the error
 * handler with a `TenantError` (400).
 *
 * @example
 * app.use(tenantCache({ cache, tenant: (req) => req.user?.tenantId }))
 */
export function tenantCache(options: TenantCacheOptions<Request>): RequestHandler {
  const resolve = tenantResolver(options)
  return function tenantCache(req, _res, next) {
    resolve(req).then((cache) => {
      req.tenantCache = cache
      next()
    }, next)
  }
}

/**
 * Answers with the health of the cache's store: 200 or 503, within the store's deadline.
 *
 * @example
 * app.get('/health', healthCheck({ cache }))
 */
export function healthCheck(options: HealthCheckOptions): RequestHandler {
  const respond = healthResponder(options)
  return function healthCheck(req, res, next) {
    respond(fromExpress(req, res)).then((answered) => (answered ? undefined : next()), next)
  }
}
