import type { IncomingMessage, ServerResponse } from 'node:http'
import { fromKoa, type Exchange } from '@sluice/core/http'
import type { Context, Middleware } from 'koa'
import type { ResponseCacheOptions } from './response/options.ts'
import { createResponder } from './response/respond.ts'
import type { CacheTags, Presented, Visit } from './response/visit.ts'

export type { QueryKey } from './response/options.ts'
export { purgeResponses, type PurgeOptions, type ResponsePurge } from './response/purge.ts'
export type { Normalizer } from './response/vary.ts'
export type { CacheTags, ResponseCacheOptions }

declare module 'koa' {
  interface ExtendableContext {
    /** Names tags of this response behind `cacheResponse()`: `purgeResponses({ cache }).byTag()` forgets it by each of them. */
    cacheTags: CacheTags
  }
}

/**
 * Keeps the responses of what comes after it as a shared cache may (RFC 9111), and answers from them: with `Age`, 304 and
 * ranges, one run of the handler for all who ask at once, and `Cache-Status` to tell. For Koa 2 and 3.
 *
 * What was made for one user is never given to another: requests of a session pass, and so do responses with Set-Cookie,
 * `private` or `no-store`. A handler that looks at a header says so by `Vary`. A successful POST, PUT, PATCH or DELETE that passes
 * here forgets its page.
 *
 * @example
 * router.get('/products', cacheResponse({ cache, ttl: '1m' }), listProducts)
 * @throws OptionError for an option that is unknown, missing or of the wrong kind
 */
export function cacheResponse(options: ResponseCacheOptions<Context>): Middleware {
  const respond = createResponder(options)
  return async function cacheResponse(ctx, next) {
    const passes = respond(new KoaVisit(ctx))
    if (typeof passes === 'boolean' ? passes : await passes) await next()
  }
}

/** A class: a literal with accessors takes longer to make than all that a hit reads of it. */
class KoaVisit implements Visit<Context> {
  readonly context: Context
  private made: Exchange<Context> | undefined

  constructor(context: Context) {
    this.context = context
  }

  get request(): IncomingMessage {
    return this.context.req
  }

  get response(): ServerResponse {
    return this.context.res
  }

  get url(): string {
    return this.context.originalUrl
  }

  get secure(): boolean {
    return this.context.secure
  }

  get hostname(): string {
    return this.context.hostname
  }

  get user(): unknown {
    return this.context.state['user']
  }

  get exchange(): Exchange<Context> {
    return (this.made ??= fromKoa<Context>(this.context))
  }

  offer(cacheTags: CacheTags): void {
    this.context.cacheTags = cacheTags
  }

  /** Left to Koa, so that middleware upstream sees it on the way back. */
  send({ status, headers, body }: Presented): void {
    const { context: ctx } = this
    ctx.status = status
    // Koa drops the headers of a body where there is none, and guesses a type for one that has none.
    if (body === undefined) ctx.body = null
    for (const [name, value] of headers) ctx.res.setHeader(name, value)
    if (body === undefined) return
    const hasType = ctx.res.hasHeader('Content-Type')
    ctx.body = body
    if (!hasType) ctx.remove('Content-Type')
  }
}
