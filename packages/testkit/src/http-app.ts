import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { Request as ExpressRequest, RequestHandler } from 'express'
import type { Context as KoaContext, Middleware as KoaMiddleware } from 'koa'

/** One framework in one version. */
export interface HttpAppFactory {
  /** Such as `Express 5`: for test titles. */
  readonly name: string
  readonly framework: 'express' | 'koa'
  /** Makes an app. It listens nowhere until asked. */
  create(options: HttpAppOptions): HttpApp
}

/** What the app serves, said once for every framework. */
export interface HttpAppOptions {
  /** Used in this order before every route, when the app is an Express one. */
  readonly express?: readonly RequestHandler[]
  /** Used in this order before every route, when the app is a Koa one. */
  readonly koa?: readonly KoaMiddleware[]
  /** Keyed by method and exact path: `'GET /cart'`. `GET` answers HEAD too. All else is the framework's own 404. */
  readonly routes: Readonly<Record<string, RouteHandler | Route>>
  /** Believe `X-Forwarded-*`: Express `trust proxy`, Koa `proxy`. Default false. */
  readonly trustProxy?: boolean
}

/** A route with middleware of its own. */
export interface Route {
  readonly express?: readonly RequestHandler[]
  readonly koa?: readonly KoaMiddleware[]
  readonly handle: RouteHandler
}

/** Answers one request: the result is sent, and an error thrown takes the framework's own error path. */
export type RouteHandler = (context: RouteContext) => RouteResult | Promise<RouteResult>

/**
 * What a handler may return: text as `text/plain`, a Buffer or stream as it is, another object as JSON, nothing as
 * 204 unless it set a status. Nothing is sent if the handler wrote to `raw.res` itself.
 */
export type RouteResult = string | Buffer | Readable | object | void

/** The request and response, alike in every framework. */
export interface RouteContext {
  /** The framework's own: `req` of Express, `ctx` of Koa. What middleware added is here. */
  readonly request: ExpressRequest | KoaContext
  readonly method: string
  readonly query: URLSearchParams
  /** The JSON body, parsed; `undefined` without one. */
  readonly body: unknown
  /** A request header; several of one name joined by a comma. */
  header(name: string): string | undefined
  status(status: number): void
  /** Sets a response header. */
  set(name: string, value: string): void
  redirect(location: string): void
  /** Node's own objects. */
  readonly raw: { readonly req: IncomingMessage; readonly res: ServerResponse }
}

/** An app made from `HttpAppOptions`. */
export interface HttpApp {
  /** For supertest: `request(app.listener)`. */
  readonly listener: RequestListener
  /** Every error that reached the framework's error path, oldest first. */
  readonly errors: readonly unknown[]
  /** Listens on a free port of 127.0.0.1, for tests that send many requests at a time. */
  listen(): Promise<ListeningApp>
}

/** An app that listens. */
export interface ListeningApp extends AsyncDisposable {
  /** Such as `http://127.0.0.1:40123`, with no slash at the end. */
  readonly url: string
  /** Ends open connections and stops listening. */
  stop(): Promise<void>
}

/** Adds to a listener what every framework's app has. */
export function createHttpApp(listener: RequestListener, errors: readonly unknown[]): HttpApp {
  return { listener, errors, listen: () => listen(listener) }
}

async function listen(listener: RequestListener): Promise<ListeningApp> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('Expected a TCP address')
  const stop = async (): Promise<void> => {
    if (!server.listening) return
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
  return { url: `http://127.0.0.1:${address.port}`, stop, [Symbol.asyncDispose]: stop }
}
