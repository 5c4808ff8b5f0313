import type { ErrorRequestHandler } from 'express'

/** Answers with the status that an error carries. What went wrong inside is for the log, not for the client. */
export const answerError: ErrorRequestHandler = function answerError(error, _req, res, next) {
  if (res.headersSent) {
    next(error)
    return
  }
  const { status, message } = describe(error)
  if (status === 503) res.set('Retry-After', '1')
  if (status === 500) console.error(error)
  res.status(status).json({ error: message })
}

function describe(error: unknown): { status: number; message: string } {
  const { status, message } = error as { status?: unknown; message?: unknown }
  if (typeof status !== 'number') return { status: 500, message: 'Something went wrong here' }
  if (status === 503) return { status, message: 'Not available right now' }
  return { status, message: String(message) }
}
