import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendAnswer } from './answer.ts'
import type { Exchange } from './exchange.ts'
import { nodeExchange, pathOf } from './node-exchange.ts'

/** What an exchange needs of Express 4 and 5's request. */
export interface ExpressRequestLike extends IncomingMessage {
  readonly originalUrl: string
  readonly ip?: string | undefined
  readonly secure: boolean
}

/** The exchange of an Express 4 or 5 request. Options functions get `req`. */
export function fromExpress<Request extends ExpressRequestLike>(
  request: Request,
  response: ServerResponse,
): Exchange<Request> {
  return Object.assign(nodeExchange(request, response), {
    context: request,
    url: request.originalUrl,
    path: pathOf(request.originalUrl),
    ip: request.ip,
    secure: request.secure,
    answer: (answer) => sendAnswer(response, answer),
  } satisfies Partial<Exchange<Request>>)
}
