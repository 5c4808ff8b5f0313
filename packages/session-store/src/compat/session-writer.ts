import type { Store } from '@sluice/core'
import { failureReporter } from '@sluice/core/extend'
import { SessionError } from '../errors.ts'
import { compatCommit } from '../operations/compat-commit.ts'
import { compatCreate } from '../operations/compat-create.ts'
import type { Texts } from '../record.ts'
import { changesOf } from './json-texts.ts'

/** Writes one session for one request. It knows what the request has seen, and shows it to nobody. */
export interface SessionWriter {
  /** The key that it writes to. */
  readonly key: string
  /**
   * Writes what is different from what this request saw or wrote last, after its writes before. A session that was seen
   * must still be there: one that has ended stays ended. One that was not seen is written whole.
   * @param ttlMs 0 or less keeps what is left of its life, and stores nothing that is not stored yet
   */
  save(texts: Texts, ttlMs: number): Promise<void>
  /** Nothing of it belongs in JSON. */
  toJSON(): undefined
}

/** Writes of sessions that are not stored yet, by key: whoever ends one waits for its beginning. */
export type Beginnings = Map<string, Promise<unknown>>

const report = failureReporter('session-store')

/** No text is equal to this one. */
const unknown = ''

/** @param seen what the request has read, `undefined` for a session that is not stored */
export function createSessionWriter(
  store: Store,
  beginnings: Beginnings,
  key: string,
  seen?: Texts,
): SessionWriter {
  let stored = seen && new Map(seen)
  let last: Promise<unknown> = Promise.resolve()

  const create = async (texts: Texts, ttlMs: number): Promise<void> => {
    if (ttlMs <= 0) return
    await store.run(compatCreate, { key, ttlMs, texts, onlyNew: false })
    stored = new Map(texts)
  }
  const commit = async (known: Map<string, string>, texts: Texts, ttlMs: number): Promise<void> => {
    const changes = changesOf(known, texts)
    // Whether it was written is not known before the answer: without one, the next save writes it again.
    for (const name of changes.keys()) known.set(name, unknown)
    const args = { key, ttlMs: Math.max(0, ttlMs), texts: changes }
    if (await store.run(compatCommit, args)) stored = new Map(texts)
    else report({ verb: 'set', instead: 'dropped', error: gone() })
  }
  const write = (texts: Texts, ttlMs: number): Promise<void> =>
    stored === undefined ? create(texts, ttlMs) : commit(stored, texts, ttlMs)

  return {
    key,
    save(texts, ttlMs) {
      const saved = last.then(() => write(texts, ttlMs))
      last = saved.catch(() => undefined)
      if (stored === undefined) holdUntilSettled(beginnings, key, last)
      return saved
    },
    toJSON: () => undefined,
  }
}

function holdUntilSettled(beginnings: Beginnings, key: string, settled: Promise<unknown>): void {
  beginnings.set(key, settled)
  void settled.then(() => {
    if (beginnings.get(key) === settled) beginnings.delete(key)
  })
}

function gone(): SessionError {
  return new SessionError(
    'SLUICE_SESSION_GONE',
    'The session ended while a request was changing it. What the request changed was not saved.',
  )
}
