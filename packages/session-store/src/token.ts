import { hash as sha, randomBytes } from 'node:crypto'

/**
 * What a client holds: a handle that names the record and a secret that opens it, both random. Rotation replaces the
 * secret and keeps the handle, so the record stays under one key, in one Cluster slot, and changes in one step. The
 * store knows neither: its key is made of the handle's hash, and the record keeps the secret's.
 */
export interface Token {
  /** `handle.secret`, as the cookie carries it. Never logged, never stored. */
  readonly text: string
  /** Names the session in public: the hash of the handle. */
  readonly id: string
  /** The hash of the secret. */
  readonly secretHash: string
}

const handleBytes = 16
const secretBytes = 32
const form = /^[\w-]{22}\.[\w-]{43}$/

/** A token of 256 random bits, for a session that does not exist yet. */
export function issueToken(): Token {
  return tokenOf(random(handleBytes), random(secretBytes))
}

/** The token of the same session with another secret. */
export function nextToken(token: Token): Token {
  return tokenOf(handleOf(token.text), random(secretBytes))
}

/** A token from its text, `undefined` when the text has not the form of one. */
export function parseToken(text: unknown): Token | undefined {
  if (typeof text !== 'string' || !form.test(text)) return undefined
  const handle = handleOf(text)
  return tokenOf(handle, text.slice(handle.length + 1))
}

function tokenOf(handle: string, secret: string): Token {
  return { text: `${handle}.${secret}`, id: hash(handle), secretHash: hash(secret) }
}

function handleOf(text: string): string {
  return text.slice(0, text.indexOf('.'))
}

function random(bytes: number): string {
  return randomBytes(bytes).toString('base64url')
}

function hash(text: string): string {
  return sha('sha256', text, 'base64url')
}
