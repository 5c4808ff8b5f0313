import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange } from './exchange.ts'
import { gateOf } from './response-gate.ts'

/** What every framework leaves to Node. */
type NodePart = Omit<Exchange, 'context' | 'url' | 'path' | 'ip' | 'secure' | 'answer'>

/** The half of an exchange that is the same in every framework, over Node's own request and response. */
export function nodeExchange(request: IncomingMessage, response: ServerResponse): NodePart {
  return {
    method: request.method ?? 'GET',
    header(name) {
      const value = request.headers[name.toLowerCase()]
      return typeof value === 'object' ? value.join(', ') : value
    },
    get headersSent() {
      return gateOf(response).headersLeft
    },
    get status() {
      return response.statusCode
    },
    responseHeader(name) {
      const value = response.getHeader(name)
      return typeof value === 'number' ? String(value) : value
    },
    setHeader(name, value) {
      response.setHeader(name, value)
    },
    appendHeader(name, value) {
      response.appendHeader(name, value)
    },
    beforeHeaders(hook) {
      gateOf(response).add(hook)
    },
    onClosed(listener) {
      // A response that is over already says so no more.
      if (response.closed) queueMicrotask(listener)
      else response.once('close', listener)
    },
  }
}

/** The path of a request target: what stands before the query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}
