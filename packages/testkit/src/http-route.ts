import { json } from 'node:stream/consumers'
import type { IncomingMessage } from 'node:http'
import type { HttpAppOptions, Route, RouteContext } from './http-app.ts'

/** A route with its key taken apart. */
export interface ParsedRoute extends Route {
  /** In upper case. */
  readonly method: string
  readonly path: string
}

/** The routes of an app, each with its method and path. */
export function parseRoutes(routes: HttpAppOptions['routes']): ParsedRoute[] {
  return Object.entries(routes).map(([key, value]) => {
    const [, method, path] = /^([A-Z]+) (\/\S*)$/.exec(key) ?? []
    if (method === undefined || path === undefined) {
      throw new TypeError(`Expected a route such as 'GET /cart', got ${JSON.stringify(key)}`)
    }
    return { ...(typeof value === 'function' ? { handle: value } : value), method, path }
  })
}

/** The half of a route's context that is read from Node's request. */
export function readContext(
  req: IncomingMessage,
): Pick<RouteContext, 'method' | 'query' | 'header'> {
  return {
    method: req.method ?? 'GET',
    query: new URL(req.url ?? '/', 'http://localhost').searchParams,
    header: (name) => {
      const value = req.headers[name.toLowerCase()]
      return Array.isArray(value) ? value.join(', ') : value
    },
  }
}

/**
 * The JSON body of a request; `undefined` without one.
 *
 * @throws an error of status 400 if it is not JSON.
 */
export async function readJsonBody(req: IncomingMessage): Promise<unknown> {
  if (!/^application\/json\b/.test(req.headers['content-type'] ?? '')) return undefined
  try {
    return await json(req)
  } catch (cause) {
    throw Object.assign(new Error('The body is not JSON', { cause }), { status: 400, expose: true })
  }
}
