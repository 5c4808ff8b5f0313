import type { OutgoingHttpHeaders } from 'node:http'
import CachePolicy from 'http-cache-semantics'
import { directiveMs, parseCacheControl, type Directives } from './cache-control.ts'
import type { ResponseCacheConfig } from './options.ts'

/** For how long a response may be used, and for whom. All counted from when the origin made it. */
export interface Freshness {
  readonly lifeMs: number
  /** How long it may be served stale while the handler runs for another request. */
  readonly staleWhileRevalidateMs: number
  /** How long it may stand in for a handler that fails. */
  readonly staleIfErrorMs: number
  /** False when it must never be served stale, not even to who asks for it. */
  readonly mayBeStale: boolean
  /** True when it says of itself that it may answer requests with Authorization (RFC 9111 3.5). */
  readonly isShared: boolean
}

/** A response as far as its freshness goes. */
export interface Head {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  /** True when the request had an Authorization header. */
  readonly isAuthorized: boolean
  readonly nowMs: number
}

/** Statuses that may be kept although the response does not say for how long (RFC 9110 15.1). */
const heuristic = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501])

type Limits = Pick<
  ResponseCacheConfig<never>,
  'ttlMs' | 'staleWhileRevalidateMs' | 'staleIfErrorMs'
>

/** For how long a response may be used; `undefined` when it must not be kept. */
export function freshnessOf(head: Head, limits: Limits): Freshness | undefined {
  const { headers, status } = head
  if (headers['set-cookie'] !== undefined || headers['content-range'] !== undefined)
    return undefined
  const field = textOf(headers['cache-control'])
  const directives = parseCacheControl(field ?? '')
  const isSilent =
    field === undefined && headers['expires'] === undefined && headers['pragma'] === undefined
  if (isSilent && !heuristic.has(status)) return undefined

  const isShared = ['public', 's-maxage', 'must-revalidate'].some((name) =>
    directives.values.has(name),
  )
  const policy = policyOf(head, isSilent ? { 'max-age': '3600' } : spoken(directives))
  if (!policy.storable()) return undefined
  const lifeMs = isSilent ? limits.ttlMs : directives.isInvalid ? 0 : policy.maxAge() * 1000
  const windows = windowsOf(directives, limits)
  return { lifeMs, isShared, ...windows }
}

/** The directives that the rules of storing and of freshness look at, each once and in lower case. */
function spoken({ values }: Directives): Record<string, string | true> {
  const names = ['no-store', 'no-cache', 'private', 'public', 'must-revalidate'] as const
  const flags = names.filter((name) => values.has(name)).map((name) => [name, true] as const)
  const numbers = ['s-maxage', 'max-age'].flatMap((name) => {
    const value = values.get(name)
    return value === undefined ? [] : [[name, String(value)] as const]
  })
  return Object.fromEntries([...flags, ...numbers])
}

function policyOf(
  { status, headers, isAuthorized, nowMs }: Head,
  directives: Record<string, string | true>,
): CachePolicy {
  const field = Object.entries(directives).map(([name, value]) =>
    value === true ? name : `${name}=${value}`,
  )
  const date = textOf(headers['date']) ?? new Date(nowMs).toUTCString()
  return new CachePolicy(
    { method: 'GET', headers: isAuthorized ? { authorization: 'some' } : {} },
    {
      status,
      headers: {
        date,
        ...(field.length > 0 && { 'cache-control': field.join(', ') }),
        ...optional('expires', textOf(headers['expires'])),
        ...optional('pragma', textOf(headers['pragma'])),
      },
    },
    { shared: true, cacheHeuristic: 0 },
  )
}

/** Directives that forbid to serve a response stale (RFC 9111 4.2.4). `s-maxage` stands for `proxy-revalidate`. */
const forbidStale = ['must-revalidate', 'proxy-revalidate', 's-maxage', 'no-cache']

function windowsOf(
  directives: Directives,
  limits: Limits,
): Pick<Freshness, 'mayBeStale' | 'staleWhileRevalidateMs' | 'staleIfErrorMs'> {
  const { values } = directives
  if (forbidStale.some((name) => values.has(name))) {
    return { mayBeStale: false, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 }
  }
  return {
    mayBeStale: true,
    staleWhileRevalidateMs:
      directiveMs(directives, 'stale-while-revalidate') ?? limits.staleWhileRevalidateMs,
    staleIfErrorMs: directiveMs(directives, 'stale-if-error') ?? limits.staleIfErrorMs,
  }
}

/** How old the response was when its head left the handler (RFC 9111 4.2.3). */
export function initialAgeMs(
  headers: OutgoingHttpHeaders,
  requestedAtMs: number,
  nowMs: number,
): number {
  const age = textOf(headers['age'])
  const toldMs = age !== undefined && /^\d+$/.test(age) ? Number(age) * 1000 : undefined
  const madeAtMs = Date.parse(textOf(headers['date']) ?? '')
  const apparentMs = Number.isNaN(madeAtMs) ? 0 : Math.max(0, nowMs - madeAtMs)
  const correctedMs = toldMs === undefined ? 0 : toldMs + Math.max(0, nowMs - requestedAtMs)
  return Math.max(apparentMs, correctedMs)
}

/** A response header as one text. */
export function textOf(value: number | string | readonly string[] | undefined): string | undefined {
  if (value === undefined) return undefined
  return typeof value === 'object' ? value.join(', ') : String(value)
}

function optional(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value }
}
