import { fromExpress, type Exchange } from '@sluice/core/http'
import type { Request, RequestHandler, Response } from 'express'
import type { ResponseCacheOptions } from './response/options.ts'
import { createResponder } from './response/respond.ts'
import type { CacheTags, Presented, Visit } from './response/visit.ts'

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
    const passes = respond(new ExpressVisit(request, response))
    if (typeof passes !== 'boolean') passes.then((later) => later && next(), next)
    else if (passes) next()
  }
}

/** A class: a literal with accessors takes longer to make than all that a hit reads of it. */
class ExpressVisit implements Visit<Request> {
  readonly request: Request
  readonly response: Response
  private made: Exchange<Request> | undefined

  constructor(request: Request, response: Response) {
    this.request = request
    this.response = response
  }

  get context(): Request {
    return this.request
  }

  get url(): string {
    return this.request.originalUrl
  }

  get secure(): boolean {
    return this.request.secure
  }

  get hostname(): string {
    return this.request.hostname ?? ''
  }

  get user(): unknown {
    return 'user' in this.request ? this.request.user : undefined
  }

  get exchange(): Exchange<Request> {
    return (this.made ??= fromExpress(this.request, this.response))
  }

  offer(cacheTags: CacheTags): void {
    this.response.cacheTags = cacheTags
  }

  send({ status, headers, body }: Presented): void {
    const { response } = this
    response.statusCode = status
    for (const [name, value] of headers) response.setHeader(name, value)
    response.end(body)
  }
}
