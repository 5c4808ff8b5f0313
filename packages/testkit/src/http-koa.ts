// Ambient types of the aliased majors, for every program that reads this file: no import can bring them.
/// <reference path="./aliases.d.ts" />
import Koa3 from 'koa'
import type { Context, Middleware } from 'koa'
import Koa2 from 'koa2'
import { createHttpApp } from './http-app.ts'
import type { HttpApp, HttpAppFactory, HttpAppOptions, RouteHandler } from './http-app.ts'
import { parseRoutes, readContext, readJsonBody } from './http-route.ts'
import type { ParsedRoute } from './http-route.ts'

/** The app in Koa 3. */
export const koa3App: HttpAppFactory = {
  name: 'Koa 3',
  framework: 'koa',
  create: (options) => createKoaApp(new Koa3(), options),
}

/** The app in Koa 2. */
export const koa2App: HttpAppFactory = {
  name: 'Koa 2',
  framework: 'koa',
  create: (options) => createKoaApp(new Koa2(), options),
}

const bodies = new WeakMap<object, unknown>()

function createKoaApp(app: Koa3, options: HttpAppOptions): HttpApp {
  const errors: unknown[] = []
  app.proxy = options.trustProxy ?? false
  // A listener of one's own also keeps Koa from printing.
  app.on('error', (error: unknown) => errors.push(error))

  const routes = parseRoutes(options.routes).flatMap(routeMiddleware)
  for (const middleware of [parseBody, ...(options.koa ?? []), ...routes]) app.use(middleware)
  const callback = app.callback()
  return createHttpApp((req, res) => void callback(req, res), errors)
}

const parseBody: Middleware = async function parseBody(ctx, next) {
  bodies.set(ctx.req, await readJsonBody(ctx.req))
  await next()
}

/** A route's own middleware, then its handler, each passing on what is not for this route. */
function routeMiddleware({ method, path, koa = [], handle }: ParsedRoute): Middleware[] {
  const isMine = (ctx: Context): boolean =>
    ctx.path === path && (ctx.method === method || (ctx.method === 'HEAD' && method === 'GET'))
  const answer: Middleware = (ctx) => respond(handle, ctx)
  return [...koa, answer].map(
    (middleware) => (ctx, next) => (isMine(ctx) ? middleware(ctx, next) : next()),
  )
}

async function respond(handle: RouteHandler, ctx: Context): Promise<void> {
  let status: number | undefined
  let isRedirect = false
  const result = await handle({
    ...readContext(ctx.req),
    request: ctx,
    body: bodies.get(ctx.req),
    status: (chosen) => {
      status = chosen
      ctx.status = chosen
    },
    set: (name, value) => ctx.set(name, value),
    redirect: (location) => {
      isRedirect = true
      ctx.redirect(location)
    },
    raw: { req: ctx.req, res: ctx.res },
  })
  if (isRedirect) return
  if (ctx.res.headersSent) ctx.respond = false
  else if (result === undefined && status === undefined) ctx.status = 204
  else send(ctx, result ?? '')
}

function send(ctx: Context, result: string | object): void {
  // Koa takes text that begins with `<` for HTML.
  if (typeof result === 'string' && ctx.type === '') ctx.type = 'text'
  ctx.body = result
}
