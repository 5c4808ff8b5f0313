import type { ServerResponse } from 'node:http'
import type { Answer } from './exchange.ts'

/** The media type of an answer that names none. */
export const jsonType = 'application/json; charset=utf-8'

const jsonForm = /^application\/([^;]*\+)?json\b/i

/** What is sent as the body: JSON, or the text itself where the type says that it is none. */
export function bodyText({ body, type = jsonType }: Answer): string {
  return typeof body === 'string' && !jsonForm.test(type) ? body : JSON.stringify(body)
}

/** Sends an answer through Node's own response. */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  const { status, headers = {}, type = jsonType } = answer
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.setHeader('Content-Type', type)
  response.end(bodyText(answer))
}
