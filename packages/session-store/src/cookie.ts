import { createHmac, timingSafeEqual } from 'node:crypto'
import { warn } from '@sluice/core/extend'
import type { Exchange } from '@sluice/core/http'
import { parse, serialize } from 'cookie'
import type { CookieConfig, CookieForm } from './cookie-options.ts'
import type { IssuedToken } from './records.ts'
import { parseToken, type Token } from './token.ts'

/** The session cookie of one exchange. */
export interface SessionCookie {
  /** The tokens that we signed, of all cookies of this name, each once. Looking costs no store command. */
  tokens(): readonly SignedToken[]
  /** Sets the cookie, for as long as the session can last. */
  write(issued: IssuedToken): void
  /** Takes the cookie back, if the request sent one. */
  clear(): void
  /** Tells caches that the response was made for who sent the cookie. */
  vary(): void
}

/** A token and who vouches for it. */
export interface SignedToken {
  readonly token: Token
  /** Signed by a secret that is on its way out: the cookie is to be signed anew. */
  readonly byOldSecret: boolean
}

/** `<token>.<HMAC>`, all in base64url: handle, secret, signature. Nothing else costs as much as an HMAC. */
const form = /^[\w-]{22}\.[\w-]{43}\.[\w-]{43}$/
/** More cookies of one name than this, rightly signed, are no accident. */
const mostTokens = 4

/** Makes the cookies of a middleware's exchanges. One that was set over plain HTTP is not accepted over TLS. */
export function createCookies(config: CookieConfig): (exchange: Exchange) => SessionCookie {
  let hasWarned = false
  const warn = (): void => {
    if (!hasWarned) warnOfPlainHttp()
    hasWarned = true
  }
  return (exchange) => {
    const isSecure = config.secure === 'auto' ? exchange.secure : config.secure
    return cookieOf(config, isSecure ? config.overTls : config.overPlain, exchange, () => {
      if (isSecure && !exchange.secure) warn()
    })
  }
}

function cookieOf(
  config: CookieConfig,
  { name, attributes }: CookieForm,
  exchange: Exchange,
  beforeSet: () => void,
): SessionCookie {
  const isInPath = pathMatches(config.path, exchange.path)
  const set = (value: string, maxAge: number): void => {
    beforeSet()
    exchange.appendHeader('Set-Cookie', serialize(name, value, { ...attributes, maxAge }))
    forbidCaching(exchange)
  }
  return {
    tokens: () => (isInPath ? readTokens(exchange.header('cookie'), name, config.secrets) : []),
    // By the absolute deadline, which never moves: the cookie is sent once a token. Following the idle deadline would send
    // it again and again, and a slow answer could bring back the token from before a rotation.
    write: ({ token, remainingMs }) =>
      set(
        `${token.text}.${sign(name, token.text, config.secrets[0])}`,
        Math.floor(remainingMs / 1000),
      ),
    clear() {
      if (valuesOf(exchange.header('cookie'), name).length > 0) set('', 0)
    },
    vary() {
      if (isInPath) varyByCookie(exchange)
    },
  }
}

/** The tokens in a Cookie header that one of the secrets signed under the name, at most four. */
export function readTokens(
  header: string | undefined,
  name: string,
  secrets: readonly string[],
): SignedToken[] {
  const signed = new Map<string, boolean>()
  for (const value of valuesOf(header, name)) {
    if (signed.size === mostTokens) break
    const secretAt = findSecret(name, value, secrets)
    if (secretAt === -1) continue
    const text = textOf(value)
    signed.set(text, secretAt > 0 && signed.get(text) !== false)
  }
  return [...signed].flatMap(([text, byOldSecret]) => {
    const token = parseToken(text)
    return token === undefined ? [] : [{ token, byOldSecret }]
  })
}

/** Every value under the name: `parse` keeps the first of a name, so it is given one pair at a time. */
function valuesOf(header: string | undefined, name: string): string[] {
  const values: string[] = []
  if (header === undefined || !header.includes(name)) return values
  for (const pair of header.split(';')) {
    const value = pair.includes(name) ? parse(pair, { decode: asItIs })[name] : undefined
    if (value !== undefined) values.push(value)
  }
  return values
}

/** Our values need no decoding, and an encoded one is not ours. */
function asItIs(value: string): string {
  return value
}

/** Which of the secrets signed the value, -1 for none. */
function findSecret(name: string, value: string, secrets: readonly string[]): number {
  if (!form.test(value)) return -1
  const text = textOf(value)
  const signature = Buffer.from(value.slice(text.length + 1))
  return secrets.findIndex((secret) =>
    timingSafeEqual(Buffer.from(sign(name, text, secret)), signature),
  )
}

/** The part of a value that is signed. */
function textOf(value: string): string {
  return value.slice(0, value.lastIndexOf('.'))
}

/** The name is signed too: a value does not move from one cookie to another. */
function sign(name: string, text: string, secret: string): string {
  return createHmac('sha256', secret).update(`${name}=${text}`).digest('base64url')
}

/** RFC 6265, 5.1.4: `/foo` is for `/foo` and `/foo/bar`, not for `/foobar`. */
function pathMatches(path: string, requested: string): boolean {
  if (path === '/' || requested === path) return true
  return requested.startsWith(path) && (path.endsWith('/') || requested[path.length] === '/')
}

/** What sets a cookie is for one person. A header that says `no-store` already stays as it is. */
function forbidCaching(exchange: Exchange): void {
  const current = String(exchange.responseHeader('Cache-Control') ?? '')
  if (!/\bno-store\b/i.test(current)) exchange.setHeader('Cache-Control', 'no-store')
}

/** Adds to what the application says; `*` says it all. */
function varyByCookie(exchange: Exchange): void {
  const current = [exchange.responseHeader('Vary') ?? []].flat().join(', ')
  if (/(^|[\s,])(\*|cookie)([\s,]|$)/i.test(current)) return
  exchange.setHeader('Vary', current === '' ? 'Cookie' : `${current}, Cookie`)
}

function warnOfPlainHttp(): void {
  warn(
    'SLUICE_WARN_SECURE_COOKIE',
    'A Secure session cookie was set over a connection that is not secure as the framework sees it: browsers drop it, and ' +
      'every request begins a new session. Behind a proxy that ends TLS, say so: app.set("trust proxy", 1) in Express, ' +
      "app.proxy = true in Koa. Without TLS, as in development, use cookie: { secure: 'auto' }.",
  )
}
