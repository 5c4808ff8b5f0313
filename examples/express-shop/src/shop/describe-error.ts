import { SluiceError } from '@sluice/core'
import { RequestError } from './request-error.ts'

/** What a client is told of an error. */
export interface DescribedError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: { readonly error: string }
}

/**
 * The answer to an error, with the status that the error carries. What went wrong inside is for the log, not for the client:
 * of a 500 it is told nothing else.
 */
export function describeError(error: unknown): DescribedError {
  const status = statusOf(error)
  return {
    status,
    headers: status === 503 ? { 'Retry-After': '1' } : {},
    body: { error: messageOf(error, status) },
  }
}

function statusOf(error: unknown): number {
  const status: unknown = error instanceof Error ? Reflect.get(error, 'status') : undefined
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500
}

function messageOf(error: unknown, status: number): string {
  if (status === 503) return 'Not available right now'
  if (status >= 500) return 'Something went wrong here'
  // The messages of Sluice say what was expected. Those of frameworks differ, and quote what was sent.
  if (error instanceof RequestError || error instanceof SluiceError) return error.message
  return status === 413 ? 'The body is too large' : 'The request is malformed'
}
