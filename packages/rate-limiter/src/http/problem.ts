/** A body of RFC 9457, beside its `status`. */
export interface Problem {
  /** What kind of problem it is, for programs. */
  readonly type: string
  /** The same in words: always the same for one type. */
  readonly title: string
}

/** The media type of such a body. */
export const problemType = 'application/problem+json'

const registry = 'https://iana.org/assignments/http-problem-types'

/** The problems of a rate limiter, by draft-ietf-httpapi-ratelimit-headers-10, 6. */
export const problems: Readonly<
  Record<'overQuota' | 'blocked' | 'unavailable' | 'denied', Problem>
> = {
  overQuota: { type: `${registry}#quota-exceeded`, title: 'Rate limit exceeded' },
  blocked: { type: `${registry}#abnormal-usage-detected`, title: 'Temporarily blocked' },
  unavailable: { type: `${registry}#temporary-reduced-capacity`, title: 'Service unavailable' },
  // Nothing that the status does not say (RFC 9457, 4.2.1).
  denied: { type: 'about:blank', title: 'Forbidden' },
}

/** True when a request's Accept names problem+json, and does not rather want plain JSON. */
export function prefersProblem(accept: string | undefined): boolean {
  if (accept === undefined || !/problem\+json/i.test(accept)) return false
  const wanted = qualityOf(problemType, accept)
  return wanted > 0 && wanted >= qualityOf('application/json', accept)
}

/** The `q` of a media type that is named in Accept (RFC 9110, 12.5.1); 0 for one that is not. */
function qualityOf(mediaType: string, accept: string): number {
  for (const range of accept.toLowerCase().split(',')) {
    const [name, ...parameters] = range.split(';').map((part) => part.trim())
    if (name !== mediaType) continue
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    return quality === undefined ? 1 : Number(quality.slice(2)) || 0
  }
  return 0
}
