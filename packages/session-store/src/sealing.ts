import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { OptionError } from '@sluice/core'
import { removed, type Texts } from './record.ts'

/** A key that encrypts attributes. */
export interface EncryptionKey {
  /** Stands before what the key encrypted: 1 to 16 letters, digits, '-' or '_'. */
  readonly id: string
  /** 32 bytes, or their base64 or base64url text. */
  readonly key: Buffer | string
}

/** Encrypts attributes on their way to the store, and back. */
export interface Sealing {
  seal(sessionId: string, name: string, text: string): string
  /** `removed` for what no key opens: the attribute counts as absent. Text that was never sealed stays as it is. */
  open(sessionId: string, name: string, text: string): string
}

/** Starts a sealed text. No encoded value starts with it. */
const mark = '!'
const form = /^!([\w-]{1,16})\.([\w-]+)$/
const [ivBytes, tagBytes, keyBytes] = [12, 16, 32]

/**
 * AES-256-GCM (NIST SP 800-38D) of each attribute by itself, bound to its session and name, so that a text does not move
 * from one place to another. Of several keys the first encrypts and all decrypt.
 *
 * @throws OptionError for keys that are none; no key is ever in the message
 */
export function createSealing(keys: readonly EncryptionKey[]): Sealing {
  const parsed = new Map(keys.map(({ id, key }) => [checkId(id), keyOf(key)]))
  const [first] = parsed
  if (first === undefined || parsed.size < keys.length) {
    throw new OptionError('Expected "encrypt" to hold one key or more, each with an id of its own.')
  }
  const [firstId, firstKey] = first
  return {
    seal(sessionId, name, text) {
      if (text === removed) return text
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', firstKey, iv).setAAD(placeOf(sessionId, name))
      const parts = [cipher.update(text, 'utf8'), cipher.final()]
      return `${mark}${firstId}.${Buffer.concat([iv, ...parts, cipher.getAuthTag()]).toString('base64url')}`
    },
    open(sessionId, name, text) {
      if (!text.startsWith(mark)) return text
      const [, id = '', sealed = ''] = form.exec(text) ?? []
      const key = parsed.get(id)
      return key === undefined ? removed : decrypt(key, sealed, placeOf(sessionId, name))
    },
  }
}

/** The texts as the store keeps them. */
export function sealAll(sealing: Sealing | undefined, sessionId: string, texts: Texts): Texts {
  if (sealing === undefined) return texts
  return new Map([...texts].map(([name, text]) => [name, sealing.seal(sessionId, name, text)]))
}

/** A copy of the texts as they were before; without those that no key opens. */
export function openAll(
  sealing: Sealing | undefined,
  sessionId: string,
  texts: Texts,
): Map<string, string> {
  const opened = new Map(texts)
  if (sealing === undefined) return opened
  for (const [name, text] of texts) {
    const open = sealing.open(sessionId, name, text)
    if (open === removed) opened.delete(name)
    else opened.set(name, open)
  }
  return opened
}

function decrypt(key: Buffer, sealed: string, place: Buffer): string {
  const bytes = Buffer.from(sealed, 'base64url')
  const end = bytes.length - tagBytes
  if (end < ivBytes) return removed
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes))
  decipher.setAAD(place).setAuthTag(bytes.subarray(end))
  try {
    return decipher.update(bytes.subarray(ivBytes, end), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return removed
  }
}

function placeOf(sessionId: string, name: string): Buffer {
  return Buffer.from(`${sessionId}/${name}`)
}

function checkId(id: unknown): string {
  if (typeof id === 'string' && /^[\w-]{1,16}$/.test(id)) return id
  throw new OptionError(
    "Expected the \"id\" of an encryption key to be 1 to 16 letters, digits, '-' or '_'.",
  )
}

/** Says how long a key is, never what it is. */
function keyOf(key: unknown): Buffer {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'base64url') : key
  if (Buffer.isBuffer(bytes) && bytes.length === keyBytes) return bytes
  const got = Buffer.isBuffer(bytes) ? `${bytes.length} bytes` : `a value of type ${typeof key}`
  throw new OptionError(
    `Expected the "key" of an encryption key to be ${keyBytes} bytes, or their base64 text; got ${got}. ` +
      `Make one with: node -p "crypto.randomBytes(32).toString('base64url')"`,
  )
}
