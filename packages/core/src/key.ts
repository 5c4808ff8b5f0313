import { KeyError, OptionError } from './errors.ts'
import { show } from './show.ts'

/** The longest key, namespace or name, in bytes of UTF-8. */
const maxKeyBytes = 1024

const prefixForm = /^[A-Za-z0-9._-]{1,64}$/

/**
 * A prefix holds no ':' and no '#', so that the first of the two in a whole key tells a cached entry (`shop:…`) from
 * the state of an operation (`shop#…`), and no two prefixes can reach into each other.
 */
export function checkPrefix(prefix: unknown): string {
  if (typeof prefix === 'string' && prefixForm.test(prefix)) return prefix
  throw new OptionError(
    `Expected "prefix" to be 1 to 64 letters, digits, '.', '_' or '-'; got ${show(prefix)}. ` +
      `For more levels use namespace(): createCache({ prefix: 'shop' }).namespace('eu').`,
  )
}

/** Refuses what cannot be a key: not text, empty, over 1024 bytes, or not well-formed Unicode (two such keys could meet). */
export function checkKey(key: unknown, what = 'key'): string {
  if (typeof key !== 'string') throw keyError(what, show(key))
  if (key === '') throw keyError(what, 'an empty string')
  // UTF-8 takes at most three bytes a UTF-16 unit, so short keys need no count.
  const bytes = key.length * 3 <= maxKeyBytes ? 0 : Buffer.byteLength(key)
  if (bytes > maxKeyBytes) throw keyError(what, `${bytes} bytes`)
  if (!key.isWellFormed()) throw keyError(what, 'text with half a surrogate pair')
  return key
}

function keyError(what: string, got: string): KeyError {
  return new KeyError(
    `Expected the ${what} to be text of 1 to ${maxKeyBytes} bytes of well-formed Unicode; got ${got}. ` +
      'Hash what may be longer.',
  )
}

/** A namespace as one level of a key: a ':' inside it cannot pose as another level, a leading '@' not as a tenant. */
export function namespaceLevel(name: string): string {
  const level = checkKey(name, 'namespace').replace(/[%:]/g, percent)
  return level.startsWith('@') ? `%40${level.slice(1)}` : level
}

/** A tenant as one level of a key. No namespace can be written that way. */
export function tenantLevel(id: string): string {
  return `@${checkKey(id, 'tenant').replace(/[%:]/g, percent)}`
}

const tagged = /[%{}]/

/** A name as the Cluster hash tag of its state: braces are escaped, so that companions always share its slot. */
export function hashTag(name: string): string {
  return tagged.test(name) ? `{${name.replace(/[%{}]/g, percent)}}` : `{${name}}`
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

const [hash, colon] = [0x23, 0x3a]

/** True for a key of operation state (`prefix#area:{name}`), false for a cached entry (`prefix:key`). */
export function isStateKey(key: string): boolean {
  for (let at = 0; at < key.length; at++) {
    const code = key.charCodeAt(at)
    if (code === colon) return false
    if (code === hash) return true
  }
  return false
}
