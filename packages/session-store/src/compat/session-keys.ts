import { createHash } from 'node:crypto'
import type { Cache } from '@sluice/core'
import { escapeGlob } from '@sluice/core/extend'

/** Where the sessions of one middleware are: the store keeps no id, but its hash, which is the session's name. */
export interface SessionKeys {
  /** The key of the session of an id. */
  of(sid: string): string
  /** The key of the session of a name. */
  named(name: string): string
  /** The keys that someone may mean who gives an id, or a name from a list. */
  meant(sid: string): string[]
  /** The name in a key. */
  nameIn(key: string): string
  /** The glob that all keys match, and no other key of the cache does. */
  readonly match: string
}

const nameForm = /^[\w-]{43}$/

/** @param prefix keeps the sessions of one middleware apart from those of others */
export function createSessionKeys(cache: Cache, prefix: string): SessionKeys {
  const ending = `:${encodeURIComponent(prefix)}`
  const named = (name: string): string => cache.stateKey('session', name) + ending
  const of = (sid: string): string => named(nameOf(sid))
  // A state key is '…{name}': all of this view begin with what stands before a name, and no name holds a brace.
  const beginning = cache.stateKey('session', 'x').slice(0, -'x}'.length)
  return {
    of,
    named,
    meant: (sid) => [of(sid), ...(nameForm.test(sid) ? [named(sid)] : [])],
    nameIn: (key) => key.slice(beginning.length, -`}${ending}`.length),
    match: `${escapeGlob(beginning)}*}${escapeGlob(ending)}`,
  }
}

function nameOf(sid: string): string {
  return createHash('sha256').update(sid).digest('base64url')
}
