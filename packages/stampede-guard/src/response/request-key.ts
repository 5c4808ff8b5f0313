import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { QueryKey, ResponseCacheConfig } from './options.ts'
import type { Visit } from './visit.ts'

/** What names the responses of one URL. */
export interface PageKey {
  /** All that tells responses apart before Vary does: of which scheme, host, path and query. */
  readonly key: string
  /** The host and path alone, by which they are forgotten. */
  readonly page: string
}

/**
 * Headers that handlers and routers take for the URL that was asked for. A response made with one is for requests with the
 * same: else who sends one decides what others see.
 */
const routing = new Set([
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-path',
  'x-forwarded-uri',
  'x-forwarded-server',
  'x-forwarded-scheme',
  'x-forwarded-ssl',
  'x-host',
  'x-original-host',
  'x-original-url',
  'x-rewrite-url',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
])

/** What the names of a URL are made of, and they. */
interface Known {
  readonly secure: boolean
  readonly host: string
  readonly hostname: string
  readonly routing: string
  readonly at: PageKey
}

/** How many URLs are known by their names. A longer URL than this is not. */
const mostKnown = 4096
const longestKnown = 250

type KeyConfig<Context> = Pick<ResponseCacheConfig<Context>, 'keyOf' | 'query'>

/**
 * Makes what names a request's URL. The names of the last few thousand are kept: to join and to hash new strings for each
 * request costs more than to find what they name.
 */
export function createPageKeys<Context>({
  keyOf,
  query,
}: KeyConfig<Context>): (visit: Visit<Context>) => PageKey {
  const byUrl = new Map<string, Known>()
  return function pageKeyOf({ context, request: { headers }, hostname, url, secure }) {
    const host = headers.host ?? ''
    const parts = { secure, host, hostname, routing: routingOf(headers) }
    // What an option says of a request is part of its key, and not to be known beforehand.
    if (keyOf !== undefined) return makeKey(url, query, parts, [JSON.stringify(keyOf(context))])
    const known = byUrl.get(url)
    if (known !== undefined && isSame(known, parts)) return known.at
    const at = makeKey(url, query, parts, [])
    if (url.length > longestKnown) return at
    if (byUrl.size === mostKnown) byUrl.clear()
    byUrl.set(url, { ...parts, at })
    return at
  }
}

type Parts = Omit<Known, 'at'>

function isSame(a: Parts, b: Parts): boolean {
  return (
    a.secure === b.secure &&
    a.host === b.host &&
    a.hostname === b.hostname &&
    a.routing === b.routing
  )
}

function makeKey(
  url: string,
  keyed: QueryKey,
  { secure, host, hostname, routing: routes }: Parts,
  more: readonly string[],
): PageKey {
  const query = url.indexOf('?')
  const path = query === -1 ? url : url.slice(0, query)
  const scheme = secure ? 'https' : 'http'
  // No header and no URL holds a line feed: no part can pose as two.
  const parts = [scheme, host, hostname, path + keyedQuery(url.slice(path.length), keyed), routes]
  const key = boundedKey('url:', [...parts, ...more].join('\n'))
  return { key, page: pageOf(hostname, path) }
}

/** The name of a page: alike for all paths that a router may take for the same. */
export function pageOf(hostname: string, path: string): string {
  return boundedKey('page:', `${hostname.toLowerCase()}${plainPath(path)}`)
}

const isPlain = /^(?:\/[a-z0-9._~-]+)+$/

function plainPath(path: string): string {
  if (isPlain.test(path)) return path
  return decoded(path).toLowerCase().replace(/\/+/g, '/').replace(/\/$/, '')
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function routingOf(headers: IncomingHttpHeaders): string {
  // Mostly there are none, and fewer headers than names.
  for (const name in headers) if (routing.has(name) || name === 'forwarded') return routed(headers)
  return ''
}

function routed(headers: IncomingHttpHeaders): string {
  let found = ''
  for (const name of routing) {
    const value = headers[name]
    if (value !== undefined) found += `\n${name}: ${String(value)}`
  }
  const { forwarded } = headers
  return forwarded === undefined ? found : `${found}\nforwarded: ${withoutAddresses(forwarded)}`
}

/** A Forwarded field without the addresses in it, which no page is made of. */
function withoutAddresses(forwarded: string): string {
  return forwarded.toLowerCase().replace(/\b(?:for|by)=(?:"[^"]*"|[^;,\s]*)/g, '')
}

function keyedQuery(query: string, keyed: QueryKey): string {
  if (query.length < 2) return ''
  if (keyed === 'exact') return query
  const pairs = query.slice(1).split('&').map(parameterOf)
  const kept = keyed === 'sorted' ? pairs : pairs.filter(({ name }) => mayBe(name, keyed))
  // The order of values of one parameter stays: they may mean something else in another.
  const ordered = kept.toSorted((a, b) => compare(baseOf(a.name), baseOf(b.name)))
  return ordered.length === 0 ? '' : `?${ordered.map(({ text }) => text).join('&')}`
}

interface Parameter {
  /** As it was sent. */
  readonly text: string
  /** The name as a parser reads it. */
  readonly name: string
}

function parameterOf(text: string): Parameter {
  const end = text.indexOf('=')
  const name = end === -1 ? text : text.slice(0, end)
  return { text, name: decoded(name.replaceAll('+', ' ')) }
}

/** Parsers read `page[]`, `[page]` and `page.0` as values of `page`: whatever holds the name may be one. */
function mayBe(name: string, keyed: readonly string[]): boolean {
  return keyed.some((one) => name.includes(one))
}

function baseOf(name: string): string {
  return name.split(/[[\].]/).find((part) => part !== '') ?? ''
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Longer than any key that is worth reading. */
const longest = 250

/** A key that a cache takes, however long the text. */
export function boundedKey(kind: string, text: string): string {
  if (text.length <= longest && text.isWellFormed()) return kind + text
  return `${kind}\n${createHash('sha256').update(text).digest('base64url')}`
}
