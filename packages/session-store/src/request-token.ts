import type { IncomingMessage } from 'node:http'
import type { CookieConfig } from './cookie-options.ts'
import { readTokens, type SignedToken } from './cookie.ts'

/** What is read of a request that has no response, such as the one that opens a WebSocket. */
export type CookieRequest = Pick<IncomingMessage, 'headers' | 'socket'>

/**
 * The tokens of a request's session cookie that we signed, at most four. No framework says here whether TLS ends at a
 * proxy: with `secure: 'auto'` the cookie of plain HTTP counts only where the socket is plain and the Secure one is absent.
 */
export function requestTokens(
  { headers, socket }: CookieRequest,
  { secure, secrets, overTls, overPlain }: CookieConfig,
): readonly SignedToken[] {
  const read = (name: string): SignedToken[] => readTokens(headers.cookie, name, secrets)
  if (secure === false) return read(overPlain.name)
  const found = read(overTls.name)
  const isPlain = secure === 'auto' && !('encrypted' in socket)
  return found.length === 0 && isPlain ? read(overPlain.name) : found
}
