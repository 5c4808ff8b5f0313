import type { IncomingMessage } from 'node:http'
import fresh from 'fresh'
import rangeParser from 'range-parser'
import type { Kept } from './archive.ts'
import type { Variant } from './record.ts'
import type { HeaderLine, Presented } from './visit.ts'

/** What of a request decides whether it gets the whole response. */
export interface Conditions {
  readonly method: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
  readonly range: string | undefined
  readonly ifRange: string | undefined
}

/** The conditions of a request. */
export function conditionsOf({ method, headers }: IncomingMessage): Conditions {
  const ifRange = headers['if-range']
  return {
    method,
    ifNoneMatch: headers['if-none-match'],
    ifModifiedSince: headers['if-modified-since'],
    range: headers.range,
    ifRange: typeof ifRange === 'string' ? ifRange : undefined,
  }
}

/** True when a request may get less than the whole response. */
export function isConditional(conditions: Conditions): boolean {
  const { ifNoneMatch, ifModifiedSince, range } = conditions
  return ifNoneMatch !== undefined || ifModifiedSince !== undefined || range !== undefined
}

/** The headers that a 304 repeats (RFC 9110 15.4.5). */
const repeated = new Set([
  'cache-control',
  'content-location',
  'date',
  'etag',
  'expires',
  'vary',
  'last-modified',
])

/** What a request gets of a kept response: all of it, 304, a range of it, or 416. @param added headers of this answer alone */
export function present(
  { variant, body }: Kept,
  conditions: Conditions,
  added: readonly HeaderLine[],
): Presented {
  const { status } = variant
  if (status === 200 && isConditional(conditions)) {
    if (isUnchanged(variant, conditions)) {
      const kept = variant.headers.filter(([name]) => repeated.has(name.toLowerCase()))
      return { status: 304, headers: [...kept, ...added] }
    }
    const part = partOf(variant, body, conditions)
    if (part !== undefined) return { ...part, headers: [...part.headers, ...added] }
  }
  const headers = [...variant.headers, ...added]
  return status === 204 ? { status, headers } : { status, headers, body }
}

/** If-None-Match decides alone where it is there (RFC 9110 13.2.2). */
function isUnchanged(
  { etag, lastModified }: Variant,
  { ifNoneMatch, ifModifiedSince }: Conditions,
): boolean {
  return fresh(
    { 'if-none-match': ifNoneMatch?.trim(), 'if-modified-since': ifModifiedSince },
    { etag, 'last-modified': lastModified },
  )
}

function partOf(variant: Variant, body: Buffer, conditions: Conditions): Presented | undefined {
  const { range, method } = conditions
  if (range === undefined || method !== 'GET' || !mayHaveRange(variant, conditions))
    return undefined
  const size = body.length
  const found = rangeParser(size, range, { combine: true })
  if (found === -1) {
    if (!/^bytes=/i.test(range)) return undefined
    const headers: HeaderLine[] = [['Content-Range', `bytes */${size}`]]
    return { status: 416, headers, body: Buffer.alloc(0) }
  }
  // Several ranges may be answered with the whole (RFC 9110 14.2); a unit that is not known must be.
  if (found === -2 || found.length !== 1 || found.type.toLowerCase() !== 'bytes') return undefined
  const [{ start, end } = { start: 0, end: size - 1 }] = found
  const headers = variant.headers.filter(([name]) => name.toLowerCase() !== 'content-length')
  return {
    status: 206,
    headers: [
      ...headers,
      ['Content-Range', `bytes ${start}-${end}/${size}`],
      ['Content-Length', String(end - start + 1)],
    ],
    body: body.subarray(start, end + 1),
  }
}

/** If-Range wants the very same bytes: a strong tag, or the same date (RFC 9110 13.1.5). */
function mayHaveRange({ etag, lastModified }: Variant, { ifRange }: Conditions): boolean {
  if (ifRange === undefined) return true
  const wanted = ifRange.trim()
  if (wanted.startsWith('"')) return wanted === etag
  return !wanted.startsWith('W/') && lastModified !== undefined && wanted === lastModified
}
