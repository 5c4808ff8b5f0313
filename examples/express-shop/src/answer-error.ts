import type { ErrorRequestHandler, RequestHandler } from 'express'
import { describeError, RequestError } from './shop/index.ts'

/** For a request that no route has answered. */
export const refuseUnknown: RequestHandler = function refuseUnknown() {
  throw new RequestError(404, 'Not found')
}

/** Answers with the status that an error carries, and logs what is nobody's fault outside. */
export const answerError: ErrorRequestHandler = function answerError(error, _req, res, next) {
  const { status, headers, body } = describeError(error)
  if (status === 500) console.error(error)
  if (res.headersSent) next(error)
  else res.status(status).set(headers).json(body)
}
