import type { Cache } from '../cache.ts'
import { checkOptions, wrongOption } from '../options.ts'
import type { Exchange } from './exchange.ts'

/** Options of `healthCheck`. */
export interface HealthCheckOptions {
  /** The cache whose store is asked. */
  readonly cache: Cache
  /** Answer on this path only and pass other requests on. Default: answer every request that gets here. */
  readonly path?: string | undefined
}

/** What a health check answers, as JSON: 200 when the store answers, 503 when it does not. */
export interface Health {
  /** `'ok'` with 200, `'unavailable'` with 503. */
  readonly status: 'ok' | 'unavailable'
  /** `'memory'` or `'redis'`. */
  readonly store: string
  /** How long the store took, or how long it was waited for. */
  readonly tookMs: number
}

/** Answers an exchange with the health of a store; false when the request is not for it. */
export function healthResponder(
  options: HealthCheckOptions,
): (exchange: Exchange) => Promise<boolean> {
  checkOptions('healthCheck', options, ['cache', 'path'])
  const { cache, path } = options
  if (typeof cache?.ping !== 'function')
    throw wrongOption('cache', 'a cache made by createCache()', cache)
  return async (exchange) => {
    if (path !== undefined && exchange.path !== path) return false
    const started = performance.now()
    const alive = await cache.ping()
    exchange.answer({
      status: alive ? 200 : 503,
      headers: { 'Cache-Control': 'no-store' },
      body: {
        status: alive ? 'ok' : 'unavailable',
        store: cache.store.kind,
        tookMs: Math.round(performance.now() - started),
      } satisfies Health,
    })
    return true
  }
}
