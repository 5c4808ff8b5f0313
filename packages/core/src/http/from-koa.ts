import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyText, jsonType } from './answer.ts'
import type { Exchange } from './exchange.ts'
import { nodeExchange, pathOf } from './node-exchange.ts'

/** What an exchange needs of Koa 2 and 3's context. */
export interface KoaContextLike {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly originalUrl: string
  readonly ip: string
  readonly secure: boolean
  status: number
  body: unknown
  set(name: string, value: string): void
}

/** The exchange of a Koa 2 or 3 request. Options functions get `ctx`. */
export function fromKoa<Context extends KoaContextLike>(context: Context): Exchange<Context> {
  return Object.assign(nodeExchange(context.req, context.res), {
    context,
    url: context.originalUrl,
    path: pathOf(context.originalUrl),
    ip: context.ip === '' ? undefined : context.ip,
    secure: context.secure,
    // Left to Koa to send, so that middleware upstream sees it on the way back.
    answer(answer) {
      const { status, headers = {}, type = jsonType } = answer
      context.status = status
      for (const [name, value] of Object.entries(headers)) context.set(name, value)
      context.body = bodyText(answer)
      context.set('Content-Type', type)
    },
  } satisfies Partial<Exchange<Context>>)
}
