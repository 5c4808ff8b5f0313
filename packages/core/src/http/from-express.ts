import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendAnswer } from './answer.ts'
import type { Answer, Exchange } from './exchange.ts'
import { NodeExchange } from './node-exchange.ts'

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
  return new ExpressExchange(request, response)
}

class ExpressExchange<Request extends ExpressRequestLike> extends NodeExchange<Request> {
  readonly context: Request

  constructor(request: Request, response: ServerResponse) {
    super(request, response)
    this.context = request
  }

  get url(): string {
    return this.context.originalUrl
  }

  get secure(): boolean {
    return this.context.secure
  }

  answer(answer: Answer): void {
    sendAnswer(this.response, answer)
  }

  protected addressNow(): string | undefined {
    return this.context.ip
  }
}
