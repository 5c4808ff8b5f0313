import type { Store } from '@sluice/core'
import { compatCommit } from '../operations/compat-commit.ts'
import { compatCreate } from '../operations/compat-create.ts'
import { compatEnd } from '../operations/compat-end.ts'
import { compatLoad } from '../operations/compat-load.ts'
import type { Texts } from '../record.ts'
import { decodeJson, encodeJson } from './json-texts.ts'
import type { CompatConfig } from './options.ts'
import { createSessionKeys, type SessionKeys } from './session-keys.ts'
import { createSessionWriter, type Beginnings, type SessionWriter } from './session-writer.ts'

/** A session that is in the store. */
export interface LoadedSession {
  readonly attributes: Record<string, unknown>
  /** Writes what a request makes of it. */
  readonly writer: SessionWriter
}

/**
 * Sessions of another middleware: one hash each, a field an attribute, under a key made of the hash of the id. The ttl of
 * the key is all that says when one ends, and every write sets it or keeps it.
 */
export interface CompatSessions {
  /** Where the session of an id is. */
  keyOf(sid: string): string
  /** 1 command; with `adopt` more where there is none. */
  load(sid: string): Promise<LoadedSession | undefined>
  /** For a session that is not stored yet. */
  begin(sid: string): SessionWriter
  /** Writes some attributes and the ttl, 0 or less to keep what is left. One that has ended stays ended. 1 command. */
  touch(sid: string, texts: Texts, ttlMs: number): Promise<void>
  /** Ends the session of an id, or of a name from a list. 1 command. */
  end(sid: string): Promise<void>
  /** All that are stored, by name: the hash of the id, which opens nothing. 1 command each, besides the scan. */
  list(): Promise<Map<string, Record<string, unknown>>>
  /** The names alone, by scan. */
  names(): Promise<string[]>
  /** Ends all of them. */
  clear(): Promise<void>
}

/** @param adoptedTtlMs how long a session lives that came from elsewhere; 0 when it is none */
export function createCompatSessions<Data extends object>(
  config: CompatConfig<Data>,
  adoptedTtlMs: (session: Data) => number,
): CompatSessions {
  const { cache, idleMs, adopt } = config
  const { store } = cache
  const keys = createSessionKeys(cache, config.prefix)
  const beginnings: Beginnings = new Map()
  const read = (key: string): Promise<Texts | undefined> => store.run(compatLoad, { key })
  const move = adopt && createMove(store, adopt, adoptedTtlMs)
  const endOne = async (key: string): Promise<void> => {
    await beginnings.get(key)
    if (adopt === undefined) await store.delete([key])
    else await store.run(compatEnd, { key, markMs: idleMs })
  }

  return {
    keyOf: keys.of,
    async load(sid) {
      const key = keys.of(sid)
      // A parallel request may move it first, and what `adopt` reads may be gone since: then it is here.
      const texts = (await read(key)) ?? (move && ((await move(key, sid)) ?? (await read(key))))
      if (texts === undefined) return undefined
      const writer = createSessionWriter(store, beginnings, key, texts)
      return { attributes: decodeJson(texts), writer }
    },
    begin: (sid) => createSessionWriter(store, beginnings, keys.of(sid)),
    async touch(sid, texts, ttlMs) {
      await store.run(compatCommit, { key: keys.of(sid), ttlMs: Math.max(0, ttlMs), texts })
    },
    async end(sid) {
      await Promise.all(keys.meant(sid).map(endOne))
    },
    ...createListing(store, keys, read),
  }
}

/** Writes what another store has, unless a session is here or has ended here lately. */
function createMove<Data extends object>(
  store: Store,
  adopt: (sid: string) => Promise<Data | undefined>,
  adoptedTtlMs: (session: Data) => number,
): (key: string, sid: string) => Promise<Texts | undefined> {
  return async (key, sid) => {
    const found = await adopt(sid)
    // Other stores answer null, and what they hold may be anything.
    if (typeof found !== 'object' || found === null) return undefined
    const ttlMs = adoptedTtlMs(found)
    if (ttlMs <= 0) return undefined
    const texts = encodeJson(found)
    return (await store.run(compatCreate, { key, ttlMs, texts, onlyNew: true })) ? texts : undefined
  }
}

function createListing(
  store: Store,
  { match, nameIn, named }: SessionKeys,
  read: (key: string) => Promise<Texts | undefined>,
): Pick<CompatSessions, 'list' | 'names' | 'clear'> {
  const names = async (): Promise<string[]> => {
    const found = new Set<string>()
    for await (const { keys } of store.scan(match)) for (const key of keys) found.add(nameIn(key))
    return [...found]
  }
  return {
    names,
    async list() {
      const listed = new Map<string, Record<string, unknown>>()
      const listOne = async (name: string): Promise<void> => {
        const texts = await read(named(name))
        if (texts !== undefined) listed.set(name, decodeJson(texts))
      }
      await Promise.all((await names()).map(listOne))
      return listed
    },
    async clear() {
      for await (const { keys } of store.scan(match)) await store.delete(keys)
    },
  }
}
