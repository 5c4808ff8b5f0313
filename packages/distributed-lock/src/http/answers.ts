import type { Answer } from '@sluice/core/http'

/** When the lock comes free nobody knows: the first moment that the header can name. */
const retryAfter = 1

/** For a request whose lock another request has. */
export function busy(status: 409 | 423): Answer {
  const title = status === 409 ? 'Conflict' : 'Locked'
  return problem(status, title, 'Another request that excludes this one is in progress')
}

/** Without the store nobody knows whether another request has the lock. */
export const unavailable: Answer = problem(
  503,
  'Service Unavailable',
  'It cannot be told whether another request excludes this one',
)

/** A problem that the status says whole (RFC 9457, 4.2.1), and when to ask again. */
function problem(status: number, title: string, detail: string): Answer {
  return {
    status,
    headers: { 'Retry-After': String(retryAfter) },
    type: 'application/problem+json',
    body: { type: 'about:blank', title, status, detail, retryAfter },
  }
}
