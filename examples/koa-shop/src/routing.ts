import type { Context, Middleware } from 'koa'

declare module 'koa' {
  interface ExtendableContext {
    /** What stands in the path where the route says `:id`; empty where it does not. */
    routeId: string
  }
}

/**
 * Runs middleware for one method and path, and passes other requests on. The path may end in `/:id`. A GET route answers HEAD, too.
 *
 * @param on such as `'GET /products/:id'`
 */
export function route(on: string, ...middleware: readonly Middleware[]): Middleware {
  const [method = '', path = ''] = on.split(' ')
  const takesId = path.endsWith('/:id')
  const start = takesId ? path.slice(0, -':id'.length) : path
  const run = inTurn(middleware)

  const matches = (ctx: Context): boolean => {
    if (ctx.method !== method && (ctx.method !== 'HEAD' || method !== 'GET')) return false
    if (!takesId) return ctx.path === start
    const id = ctx.path.slice(start.length)
    return ctx.path.startsWith(start) && id !== '' && !id.includes('/')
  }
  return async function route(ctx, next) {
    if (!matches(ctx)) return next()
    ctx.routeId = takesId ? decode(ctx, ctx.path.slice(start.length)) : ''
    return run(ctx, next)
  }
}

/** Runs middleware for the paths that begin with this one, and passes other requests on. */
export function under(path: string, ...middleware: readonly Middleware[]): Middleware {
  const run = inTurn(middleware)
  return async function under(ctx, next) {
    return ctx.path.startsWith(`${path}/`) ? run(ctx, next) : next()
  }
}

/** One middleware after the other, as one. */
export function inTurn(middleware: readonly Middleware[]): Middleware {
  return function inTurn(ctx, next) {
    const run = async (at: number): Promise<unknown> => {
      const one = middleware[at]
      return one === undefined ? next() : one(ctx, () => run(at + 1))
    }
    return run(0)
  }
}

function decode(ctx: Context, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ctx.throw(400)
  }
}
