import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange } from '@sluice/core/http'

/** A header with its value, or its values where it has several lines. */
export type HeaderLine = readonly [name: string, value: string | readonly string[]]

/** A whole response, made of what is kept. */
export interface Presented {
  readonly status: number
  readonly headers: readonly HeaderLine[]
  /** Absent where a response of this status has none. */
  readonly body?: Buffer
}

/** One request that came to the middleware. */
export interface Visit<Context> {
  /** What options functions are called with: Express's `req`, Koa's `ctx`. */
  readonly context: Context
  /** Path and query as the client sent them. */
  readonly url: string
  /** True over TLS, as the framework sees it behind its proxies. */
  readonly secure: boolean
  /** Made on first use: what is served from the cache needs none. */
  readonly exchange: Exchange<Context>
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The host that the client asked for, without the port, as the framework sees it behind its proxies. */
  readonly hostname: string
  /** Who is signed in, where other middleware says so in the framework's usual place. */
  readonly user: unknown
  /** Gives the handler `cacheTags()`. */
  offer(cacheTags: CacheTags): void
  /** Answers in place of the handler. */
  send(presented: Presented): void
}

/** Names tags of the response of this request: `purgeResponses().byTag()` forgets it by each of them. */
export type CacheTags = (...tags: readonly string[]) => void
