import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyText, jsonType } from './answer.ts'
import type { Answer, Exchange } from './exchange.ts'
import { NodeExchange } from './node-exchange.ts'

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
  return new KoaExchange(context)
}

class KoaExchange<Context extends KoaContextLike> extends NodeExchange<Context> {
  readonly context: Context

  constructor(context: Context) {
    super(context.req, context.res)
    this.context = context
  }

  get url(): string {
    return this.context.originalUrl
  }

  get secure(): boolean {
    return this.context.secure
  }

  /** Left to Koa to send, so that middleware upstream sees it on the way back. */
  answer(answer: Answer): void {
    const { context } = this
    const { status, headers = {}, type = jsonType } = answer
    context.status = status
    for (const [name, value] of Object.entries(headers)) context.set(name, value)
    context.body = bodyText(answer)
    context.set('Content-Type', type)
  }

  protected addressNow(): string | undefined {
    const { ip } = this.context
    return ip === '' ? undefined : ip
  }
}
