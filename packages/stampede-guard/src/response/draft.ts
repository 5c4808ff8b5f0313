import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import createEtag from 'etag'
import type { Kept } from './archive.ts'
import { freshnessOf, initialAgeMs, textOf, type Freshness } from './freshness.ts'
import { newId } from './immutable.ts'
import type { ResponseCacheConfig } from './options.ts'
import { selectionOf, varyNames, type Selection } from './vary.ts'
import type { HeaderLine } from './visit.ts'

/** A response whose head says that it may be kept, before its body is known. */
export interface Draft {
  readonly status: number
  readonly headers: readonly HeaderLine[]
  readonly freshness: Freshness
  readonly vary: readonly string[]
  readonly selection: Selection
  /** What Content-Length announced. */
  readonly declaredLength: number | undefined
  readonly atMs: number
  readonly initialAgeMs: number
}

/** Where a draft comes from. */
export interface Origin {
  readonly response: ServerResponse
  readonly requestHeaders: IncomingHttpHeaders
  /** The headers that other middleware had set before the handler ran. */
  readonly earlier: OutgoingHttpHeaders
  readonly requestedAtMs: number
  readonly nowMs: number
}

/** Headers that belong to one connection, one request or one client (RFC 9111 3.1 and 7.3), or are made anew. */
const unkept = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'age',
  'date',
  'content-length',
  'set-cookie',
  'cache-status',
  'x-cache',
  'retry-after',
  'ratelimit',
  'ratelimit-policy',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'x-request-id',
  'request-id',
  'x-correlation-id',
  'x-trace-id',
  'traceparent',
  'tracestate',
  'traceresponse',
  'server-timing',
  'x-response-time',
  'x-runtime',
  'www-authenticate',
  'authentication-info',
  'alt-svc',
])

/** The draft of a response whose head is about to leave; `undefined` when it must not be kept. */
export function draftOf(origin: Origin, config: ResponseCacheConfig<never>): Draft | undefined {
  const { response, requestHeaders, requestedAtMs, nowMs } = origin
  const headers = response.getHeaders()
  const vary = varyNames(textOf(headers['vary']) ?? '')
  if (vary === undefined) return undefined
  const isAuthorized = requestHeaders.authorization !== undefined
  const status = response.statusCode
  const freshness = freshnessOf({ status, headers, isAuthorized, nowMs }, config)
  if (freshness === undefined) return undefined
  const ageMs = initialAgeMs(headers, requestedAtMs, nowMs)
  if (usableMs(freshness) <= ageMs) return undefined
  return {
    ...{ status, freshness, vary },
    headers: keptHeaders(origin, vary),
    selection: selectionOf(requestHeaders, vary, config.normalizers),
    declaredLength: lengthIn(headers['content-length']),
    atMs: nowMs,
    initialAgeMs: ageMs,
  }
}

function lengthIn(value: OutgoingHttpHeaders[string]): number | undefined {
  return value === undefined ? undefined : Number(value)
}

/** How long after it was made a response is of any use. */
function usableMs({ lifeMs, staleWhileRevalidateMs, staleIfErrorMs }: Freshness): number {
  return lifeMs + Math.max(staleWhileRevalidateMs, staleIfErrorMs)
}

/** What the handler said. What was set before it ran will be set before the next hit, too. */
function keptHeaders(
  { response, earlier, nowMs }: Origin,
  vary: readonly string[],
): readonly HeaderLine[] {
  const headers = response.getHeaders()
  const nominated = new Set(
    textOf(headers['connection'])
      ?.toLowerCase()
      .split(/\s*,\s*/),
  )
  const kept = Object.entries(headers).flatMap(([name, value]): HeaderLine[] => {
    if (value === undefined || unkept.has(name) || nominated.has(name)) return []
    if (textOf(value) === textOf(earlier[name])) return []
    if (name === 'access-control-allow-origin' && value !== '*' && !vary.includes('origin'))
      return []
    return [[name, Array.isArray(value) ? value : String(value)]]
  })
  return [...kept, ['Date', textOf(headers['date']) ?? new Date(nowMs).toUTCString()]]
}

/** The draft with its body: what is kept, but for its stamps. */
export function keptOf(draft: Draft, body: Buffer): Kept {
  const { freshness, status, headers, vary, selection, atMs } = draft
  const etag = headerIn(headers, 'etag') ?? madeEtag(draft, body)
  const lastModified = headerIn(headers, 'last-modified')
  const hasOwnEtag = headerIn(headers, 'etag') !== undefined
  const lines: HeaderLine[] = [...headers]
  if (etag !== undefined && !hasOwnEtag) lines.push(['ETag', etag])
  if (status !== 204) lines.push(['Content-Length', String(body.length)])
  return {
    body,
    variant: {
      ...freshness,
      id: newId(),
      ...{ status, vary, selection, atMs },
      headers: lines,
      ...(etag !== undefined && { etag }),
      ...(lastModified !== undefined && { lastModified }),
      initialAgeMs: draft.initialAgeMs,
      untilMs: atMs + usableMs(freshness) - draft.initialAgeMs,
      stamps: [],
    },
  }
}

/** Of a body without one: weak where it is a coded form, of which another run may make other bytes. */
function madeEtag({ status, headers }: Draft, body: Buffer): string | undefined {
  if (status !== 200) return undefined
  return createEtag(body, { weak: headerIn(headers, 'content-encoding') !== undefined })
}

function headerIn(headers: readonly HeaderLine[], wanted: string): string | undefined {
  const value = headers.find(([name]) => name.toLowerCase() === wanted)?.[1]
  return typeof value === 'string' ? value : undefined
}
