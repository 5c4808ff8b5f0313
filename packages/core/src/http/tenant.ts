import type { Cache } from '../cache.ts'
import { TenantError } from '../errors.ts'
import { checkFunction, checkOptions, wrongOption } from '../options.ts'

/** Options of `tenantCache`. */
export interface TenantCacheOptions<Context> {
  /** The cache whose tenants are served. */
  readonly cache: Cache
  /**
   * Who the request belongs to; called with Express's `req` or Koa's `ctx`. Take it from what was authenticated, never
   * from a header that the client may choose.
   */
  readonly tenant: (context: Context) => string | undefined | Promise<string | undefined>
}

/**
 * Finds the view of a request's tenant. Fails closed: without a tenant there is no cache at all, never the shared one.
 *
 * @throws TenantError (400) when the request has no tenant
 */
export function tenantResolver<Context>(
  options: TenantCacheOptions<Context>,
): (context: Context) => Promise<Cache> {
  checkOptions('tenantCache', options, ['cache', 'tenant'])
  const { cache, tenant } = options
  if (typeof cache?.tenant !== 'function')
    throw wrongOption('cache', 'a cache made by createCache()', cache)
  if (tenant === undefined) throw wrongOption('tenant', 'a function that names the tenant', tenant)
  checkFunction(tenant, 'tenant')
  return async (context) => {
    const id = await tenant(context)
    if (id === undefined || id === null || id === '') {
      throw new TenantError('Expected the request to belong to a tenant; "tenant" found none.')
    }
    return cache.tenant(id)
  }
}
