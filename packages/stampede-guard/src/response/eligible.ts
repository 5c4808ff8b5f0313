import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { ResponseCacheConfig } from './options.ts'
import type { Visit } from './visit.ts'

/** What the cache may do for a request: look for a response, nothing, or forget what the request changes. */
export type Eligibility = 'lookup' | 'bypass' | 'unsafe'

const safe = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND', 'REPORT', 'SEARCH'])

/** Headers by which services and the proxies in front of them tell who asks. */
const credentials = new Set([
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-auth-token',
  'x-access-token',
  'x-authorization',
  'x-session-id',
  'x-session-token',
  'x-csrf-token',
  'x-xsrf-token',
  'x-user',
  'x-user-id',
  'x-user-email',
  'x-forwarded-user',
  'x-forwarded-email',
  'x-forwarded-access-token',
  'x-forwarded-client-cert',
  'x-auth-request-user',
  'x-auth-request-email',
  'x-auth-request-access-token',
  'x-authenticated-user',
  'x-remote-user',
  'remote-user',
  'x-client-cert',
  'x-ssl-client-cert',
  'x-amzn-oidc-data',
  'x-amzn-oidc-identity',
  'x-goog-authenticated-user-email',
  'x-goog-iap-jwt-assertion',
  'cf-access-jwt-assertion',
  'cf-access-authenticated-user-email',
  'x-ms-client-principal',
  'x-ms-client-principal-id',
])

/** What may be done for a request, before anything is looked up. */
export function eligibilityOf<Context>(
  config: ResponseCacheConfig<Context>,
  visit: Visit<Context>,
): Eligibility {
  const { method = 'GET' } = visit.request
  if (method !== 'GET' && method !== 'HEAD') return safe.has(method) ? 'bypass' : 'unsafe'
  const { headers } = visit.request
  if (hasBody(headers) || headers['if-match'] !== undefined) return 'bypass'
  if (headers['if-unmodified-since'] !== undefined || headers.upgrade !== undefined) return 'bypass'
  return isOfSession(config, visit) ? 'bypass' : 'lookup'
}

/** A GET with a body is not named by its URL. */
function hasBody(headers: IncomingHttpHeaders): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

function isOfSession<Context>(
  { sessionCookies }: ResponseCacheConfig<Context>,
  { context, request, user }: Visit<Context>,
): boolean {
  if (typeof sessionCookies === 'function') return sessionCookies(context)
  const { cookie } = request.headers
  if (cookie !== undefined && (sessionCookies === undefined || namesOne(cookie, sessionCookies))) {
    return true
  }
  if (user !== undefined && user !== null) return true
  for (const name in request.headers) if (credentials.has(name)) return true
  return hasClientCertificate(request)
}

function namesOne(cookies: string, names: ReadonlySet<string>): boolean {
  return cookies.split(';').some((pair) => names.has((pair.split('=', 1)[0] ?? '').trim()))
}

function hasClientCertificate({ socket }: IncomingMessage): boolean {
  return 'authorized' in socket && socket.authorized === true
}
