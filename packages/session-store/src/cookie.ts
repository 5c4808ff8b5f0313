import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Exchange } from '@sluice/core/http'
import { parse, serialize, type SerializeOptions } from 'cookie'
import type { CookieConfig } from './options.ts'
import type { IssuedToken } from './records.ts'
import { parseToken, type Token } from './token.ts'

/** The session cookie of one exchange. */
export interface SessionCookie {
  /** The tokens that we signed, of all cookies of this name, each once. Looking costs no store command. */
  tokens(): readonly Token[]
  /** Sets the cookie, for as long as the session can last. */
  write(issued: IssuedToken): void
  /** Takes the cookie back, if the request sent one. */
  clear(): void
}

/** `<token>.<HMAC>`, all in base64url: handle, secret, signature. Nothing else costs as much as an HMAC. */
const form = /^[\w-]{22}\.[\w-]{43}\.[\w-]{43}$/
/** More cookies of one name than this, rightly signed, are no accident. */
const mostTokens = 4

/**
 * The cookie of an exchange. Over TLS it is `__Host-<name>`, which no subdomain and no plain connection can plant; one
 * that was set over plain HTTP is not accepted there.
 */
export function sessionCookie(config: CookieConfig, exchange: Exchange): SessionCookie {
  const secure = config.secure === 'auto' ? exchange.secure : config.secure
  const name = secure ? `__Host-${config.name}` : config.name
  const attributes: SerializeOptions = { path: '/', httpOnly: true, secure, sameSite: 'lax' }
  const set = (value: string, maxAge: number): void => {
    exchange.appendHeader('Set-Cookie', serialize(name, value, { ...attributes, maxAge }))
    forbidCaching(exchange)
  }
  return {
    tokens: () => readTokens(exchange.header('cookie'), name, config.secrets),
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
  }
}

function readTokens(header: string | undefined, name: string, secrets: readonly string[]): Token[] {
  const texts = new Set<string>()
  for (const value of valuesOf(header, name)) {
    if (texts.size === mostTokens) break
    const text = verify(name, value, secrets)
    if (text !== undefined) texts.add(text)
  }
  return [...texts].flatMap((text) => parseToken(text) ?? [])
}

/** Every value under the name: `parse` keeps the first of a name, so it is given one pair at a time. */
function valuesOf(header: string | undefined, name: string): string[] {
  if (header === undefined || !header.includes(name)) return []
  return header.split(';').flatMap((pair) => parse(pair, { decode: asItIs })[name] ?? [])
}

/** Our values need no decoding, and an encoded one is not ours. */
function asItIs(value: string): string {
  return value
}

/** The token in a value that one of the secrets signed. */
function verify(name: string, value: string, secrets: readonly string[]): string | undefined {
  if (!form.test(value)) return undefined
  const dot = value.lastIndexOf('.')
  const text = value.slice(0, dot)
  const signature = Buffer.from(value.slice(dot + 1))
  const signed = secrets.some((secret) =>
    timingSafeEqual(Buffer.from(sign(name, text, secret)), signature),
  )
  return signed ? text : undefined
}

/** The name is signed too: a value does not move from one cookie to another. */
function sign(name: string, text: string, secret: string): string {
  return createHmac('sha256', secret).update(`${name}=${text}`).digest('base64url')
}

/** What sets a cookie is for one person. A header that says `no-store` already stays as it is. */
function forbidCaching(exchange: Exchange): void {
  const current = String(exchange.responseHeader('Cache-Control') ?? '')
  if (!/\bno-store\b/i.test(current)) exchange.setHeader('Cache-Control', 'no-store')
}
