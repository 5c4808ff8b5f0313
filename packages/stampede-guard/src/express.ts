import { fromExpress, type Exchange } from '@sluice/core/http'
import type { Request, RequestHandler, Response } from 'express'
import type { ResponseCacheOptions } from './response/options.ts'
import { createResponder } from './response/respond.ts'
import type { CacheTags, Presented } from './response/visit.ts'

export type { QueryKey } from './response/options.ts'
export { purgeResponses, type PurgeOptions, type ResponsePurge } from './response/purge.ts'
export type { Normalizer } from './response/vary.ts'
export type { CacheTags, ResponseCacheOptions }

declare global {
  namespace Express {
    interface Response {
      /** Names tags of this response behind `cacheResponse()`: `purgeResponses({ cache }).byTag()` forgets it by each of them. */
      cacheTags: CacheTags
    }
  }
}

/**
 * Keeps the responses of a route as a shared cache may (RFC 9111), and answers from them: with `Age`, 304 and ranges, one run
 * of the handler for all who ask at once, and `Cache-Status` to tell. For Express 4 and 5.
 *
 * What was made for one user is never given to another: requests of a session pass, and so do responses with Set-Cookie,
 * `private` or `no-store`. A handler that looks at a header says so by `Vary`. A successful POST, PUT, PATCH or DELETE that passes
 * here forgets its page.
 *
 * @example
 * app.get('/products', cacheResponse({ cache, ttl: '1m' }), listProducts)
 * @throws OptionError for an option that is unknown, missing or of the wrong kind
 */
export function cacheResponse(options: ResponseCacheOptions<Request>): RequestHandler {
  const respond = createResponder(options)
  return function cacheResponse(request, response, next) {
    let exchange: Exchange<Request> | undefined
    respond({
      context: request,
      request,
      response,
      url: request.originalUrl,
      secure: request.secure,
      hostname: request.hostname ?? '',
      user: 'user' in request ? request.user : undefined,
      get exchange() {
        return (exchange ??= fromExpress(request, response))
      },
      offer: (cacheTags) => void (response.cacheTags = cacheTags),
      send: (presented) => send(response, presented),
    }).then((passes) => {
      if (passes) next()
    }, next)
  }
}

function send(response: Response, { status, headers, body }: Presented): void {
  response.statusCode = status
  for (const [name, value] of headers) response.setHeader(name, value)
  response.end(body)
}
