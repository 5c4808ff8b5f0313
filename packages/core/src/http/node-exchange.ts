import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer, BeforeHeaders, Exchange } from './exchange.ts'
import { gateOf } from './response-gate.ts'

/**
 * What is the same of an exchange in every framework, over Node's own request and response. A class, and the rest read
 * only when it is asked for: of a dozen closures for each request most are never called.
 */
export abstract class NodeExchange<Context> implements Exchange<Context> {
  abstract readonly context: Context
  abstract readonly url: string
  abstract readonly secure: boolean
  protected readonly request: IncomingMessage
  protected readonly response: ServerResponse
  private address: string | undefined
  private knowsAddress = false

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request
    this.response = response
  }

  abstract answer(answer: Answer): void

  /** As the framework has it, which looks at the connection each time. */
  protected abstract addressNow(): string | undefined

  /** What it was when it was asked for first: a connection that is gone has none. */
  get ip(): string | undefined {
    if (!this.knowsAddress) {
      this.address = this.addressNow()
      this.knowsAddress = true
    }
    return this.address
  }

  get method(): string {
    return this.request.method ?? 'GET'
  }

  get path(): string {
    return pathOf(this.url)
  }

  get headersSent(): boolean {
    return gateOf(this.response).headersLeft()
  }

  get status(): number {
    return this.response.statusCode
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name.toLowerCase()]
    return typeof value === 'object' ? value.join(', ') : value
  }

  responseHeader(name: string): string | readonly string[] | undefined {
    const value = this.response.getHeader(name)
    return typeof value === 'number' ? String(value) : value
  }

  setHeader(name: string, value: string | readonly string[]): void {
    this.response.setHeader(name, value)
  }

  appendHeader(name: string, value: string): void {
    this.response.appendHeader(name, value)
  }

  beforeHeaders(hook: BeforeHeaders): void {
    gateOf(this.response).add(hook)
  }

  onClosed(listener: () => void): void {
    // A response that is over already says so no more.
    if (this.response.closed) queueMicrotask(listener)
    else this.response.once('close', listener)
  }
}

/** The path of a request target: what stands before the query. */
function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}
