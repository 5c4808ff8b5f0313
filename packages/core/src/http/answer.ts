import type { ServerResponse } from 'node:http'
import type { Answer } from './exchange.ts'

/** The media type of an answer that names none. */
export const jsonType = 'application/json; charset=utf-8'

/** Sends an answer through Node's own response. */
export function sendAnswer(
  response: ServerResponse,
  { status, headers = {}, body, type }: Answer,
): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.setHeader('Content-Type', type ?? jsonType)
  response.end(JSON.stringify(body))
}
