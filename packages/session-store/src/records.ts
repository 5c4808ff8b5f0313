import { OperationError } from '@sluice/core'
import { failureReporter } from '@sluice/core/extend'
import { applyTexts } from './attributes.ts'
import { commit } from './operations/commit.ts'
import { create } from './operations/create.ts'
import { load, type LoadedRecord } from './operations/load.ts'
import { rotate } from './operations/rotate.ts'
import { swap, type Swap, type SwapArgs } from './operations/swap.ts'
import type { SessionsConfig } from './options.ts'
import { removed, type Device, type Texts } from './record.ts'
import { openAll, sealAll } from './sealing.ts'
import { issueToken, nextToken, type Token } from './token.ts'
import { traceRecords } from './tracing.ts'
import { createUserSessions, type ListedSession, type UserSessions } from './user-sessions.ts'

/** A session that is in the store, as it was read or written last. */
export interface StoredRecord extends LoadedRecord {
  readonly token: Token
  /** The attributes as they stand in the store: encrypted, where that is wanted. */
  readonly sealed: Map<string, string>
}

/** A token that a client must be given now, and how long it can be of use. */
export interface IssuedToken {
  readonly token: Token
  readonly remainingMs: number
  /** When it was issued, by the store's clock. */
  readonly nowMs: number
}

/** The part of a record that a writer saw. */
export type SeenRecord = Pick<StoredRecord, 'user'> & {
  readonly token: Pick<Token, 'id'>
  readonly sealed?: StoredRecord['sealed']
}

/** What a rotation must know of a record. */
type Rotated = Pick<StoredRecord, 'token'> & Pick<SeenRecord, 'sealed'>

type Attribute = Pick<SwapArgs, 'name' | 'expected' | 'text'>

/** How a record begins. */
export interface NewRecord {
  readonly userId: string | undefined
  readonly texts: Texts
  readonly device?: Device | undefined
}

/** What a rotation changes besides the secret. */
export interface Rotation extends Partial<NewRecord> {
  /** Names of the attributes that stay; absent: all. */
  readonly keep?: readonly string[] | undefined
}

/** Records and indexes in the store: which operations run, on which keys, in which order. */
export interface Records {
  /**
   * 1 command, 2 with a user.
   * @throws KeyError for a user id that cannot be one, before anything is written; SessionError as `UserSessions.add`
   */
  create(record: NewRecord): Promise<StoredRecord>
  /** 1 command. */
  load(token: Token, slackMs?: number): Promise<StoredRecord | undefined>
  /** 1 command. */
  commit(seen: SeenRecord, texts: Texts): Promise<boolean>
  /** 1 command. */
  swap(seen: SeenRecord, attribute: Attribute): Promise<Swap>
  /** 1 command, 2 with a user. @throws KeyError and SessionError as `create` */
  rotate(seen: Rotated, rotation: Rotation): Promise<IssuedToken | undefined>
  /** 1 command, 2 when a user was signed in. True when it was there. */
  destroy(id: string): Promise<boolean>
  /** Live sessions of a user: 1 command for the index, 1 a session, 1 if some are gone. */
  list(userId: string): Promise<ListedSession[]>
  /** 1 command for the index, 1 for every 512 sessions on one server, as many to empty the index. */
  destroyAll(userId: string, except?: string): Promise<number>
}

const reportFailure = failureReporter('session-store')

/** What the work on records needs. */
interface Parts {
  readonly config: SessionsConfig
  readonly users: UserSessions
  keyOf(id: string): string
}

/** Makes the records of a cache. */
export function createRecords(config: SessionsConfig): Records {
  const { cache, slackMs } = config
  const { store } = cache
  const keyOf = (id: string): string => cache.stateKey('session', id)
  const users = createUserSessions(config, keyOf)
  const parts: Parts = { config, users, keyOf }
  return traceRecords({
    create: (record) => createRecord(parts, record),
    load: (token, loadSlackMs = slackMs) => loadRecord(parts, token, loadSlackMs),
    async commit({ token: { id }, user, sealed }, texts) {
      const written = sealAll(config.sealing, id, texts)
      const done = await store.run(commit, { key: keyOf(id), user, texts: written })
      if (done && sealed !== undefined) applyTexts(sealed, written)
      return done
    },
    swap: (seen, attribute) => swapAttribute(parts, seen, attribute),
    rotate: (seen, rotation) => rotateRecord(parts, seen, rotation),
    destroy: users.destroy,
    list: users.list,
    destroyAll: users.destroyAll,
  })
}

async function createRecord(parts: Parts, record: NewRecord): Promise<StoredRecord> {
  const { config, users, keyOf } = parts
  const { cache, idleMs, absoluteMs, sealing } = config
  const { userId, texts, device = {} } = record
  const user = users.userOf(userId)
  await users.checkRoom(user, undefined)
  const token = issueToken()
  const { id, secretHash } = token
  const sealed = new Map(sealAll(sealing, id, texts))
  const args = { key: keyOf(id), secretHash, user, idleMs, absoluteMs, device, texts: sealed }
  const lifetime = await cache.store.run(create, args)
  if (lifetime === undefined) return createRecord(parts, record)
  const { nowMs, absoluteEndMs } = lifetime
  await users.add(user, { id, absoluteEndMs, signedInAtMs: nowMs })
  return {
    token,
    user,
    device,
    nowMs,
    createdAtMs: nowMs,
    lastSeenAtMs: nowMs,
    rotatedAtMs: nowMs,
    authenticatedAtMs: user === '' ? undefined : nowMs,
    idleEndMs: nowMs + idleMs,
    absoluteEndMs,
    texts: new Map(texts),
    sealed,
  }
}

async function loadRecord(
  { config, keyOf }: Parts,
  token: Token,
  slackMs: number,
): Promise<StoredRecord | undefined> {
  const { store } = config.cache
  const { id, secretHash } = token
  const key = keyOf(id)
  try {
    const found = await store.run(load, { key, secretHash, slackMs })
    if (found === undefined) return undefined
    return { token, ...found, texts: openAll(config.sealing, id, found.texts), sealed: found.texts }
  } catch (error) {
    if (!isNoRecord(error)) throw error
    // Left there, it would fail every request of its owner until it expires.
    reportFailure({ verb: 'load', instead: 'dropped', error })
    await store.delete([key])
    return undefined
  }
}

async function swapAttribute(
  { config, keyOf }: Parts,
  { token: { id }, user, sealed }: SeenRecord,
  { name, expected, text }: Attribute,
): Promise<Swap> {
  const { cache, sealing } = config
  const next = sealing?.seal(id, name, text) ?? text
  const args = {
    key: keyOf(id),
    user,
    name,
    // What was encrypted twice differs: the text that was read is what must still be there.
    expected: sealing === undefined ? expected : (sealed?.get(name) ?? removed),
    text: next,
  }
  const outcome = await cache.store.run(swap, args)
  const stands = outcome.done ? next : outcome.text
  if (sealed !== undefined) applyTexts(sealed, new Map([[name, stands]]))
  if (outcome.done || sealing === undefined) return outcome
  return { ...outcome, text: sealing.open(id, name, outcome.text) }
}

async function rotateRecord(
  { config, users, keyOf }: Parts,
  { token, sealed }: Rotated,
  { userId, texts = new Map(), keep, device = {} }: Rotation,
): Promise<IssuedToken | undefined> {
  const { id, secretHash } = token
  const user = users.userOf(userId)
  await users.checkRoom(user, id)
  const next = nextToken(token)
  const written = sealAll(config.sealing, id, texts)
  const lifetime = await config.cache.store.run(rotate, {
    key: keyOf(id),
    secretHash,
    nextSecretHash: next.secretHash,
    user,
    // The token from before a sign-in may be an attacker's: it is dead at once.
    graceMs: user === '' ? config.graceMs : 0,
    keep,
    device,
    texts: written,
  })
  if (lifetime === undefined) return undefined
  if (sealed !== undefined) applyTexts(sealed, written)
  const { nowMs, absoluteEndMs } = lifetime
  await users.add(user, { id, absoluteEndMs, signedInAtMs: nowMs })
  return { token: next, remainingMs: absoluteEndMs - nowMs, nowMs }
}

/** True when the key holds something else than a record. */
function isNoRecord(error: unknown): boolean {
  return error instanceof OperationError && error.message.includes('WRONGTYPE')
}
