import type { Store } from '@sluice/core'
import { SessionError } from './errors.ts'
import { destroy } from './operations/destroy.ts'
import { inspect, type RecordSummary } from './operations/inspect.ts'
import type { SessionsConfig } from './options.ts'
import { createUserIndex, type IndexEntry, type UserIndex } from './user-index.ts'

/** A session of a list. */
export type ListedSession = RecordSummary & { readonly id: string }

/** The sessions of users: who has which, and how many they may have. */
export interface UserSessions {
  /** A user as records say it, `''` for nobody. @throws KeyError for what cannot be a user id */
  userOf(userId: string | undefined): string
  /**
   * Before a user signs in. Costs nothing without a limit that refuses.
   * @throws SessionError when the user has as many sessions as may be
   */
  checkRoom(user: string, id: string | undefined): Promise<void>
  /**
   * Lists a session that a user has signed in to, and ends what is then too many.
   * @throws SessionError when all of the user's sessions were ended meanwhile, or there is no room: it is ended then
   */
  add(user: string, entry: Omit<IndexEntry, 'most'>): Promise<void>
  /** Ends one session. True when it was there. */
  destroy(id: string): Promise<boolean>
  list(user: string): Promise<ListedSession[]>
  /** Ends all sessions but one, and those that are being signed in. Answers how many. */
  destroyAll(user: string, except?: string): Promise<number>
}

/** @param keyOf the key of a session's record */
export function createUserSessions(
  config: SessionsConfig,
  keyOf: (id: string) => string,
): UserSessions {
  const { cache, absoluteMs, maxPerUser, onTooMany } = config
  const { store } = cache
  const index = createUserIndex(cache, absoluteMs)

  async function end(id: string): Promise<boolean> {
    const user = await store.run(destroy, { key: keyOf(id) })
    if (user === undefined) return false
    await index.remove(user, [id])
    return true
  }
  const list = (user: string): Promise<ListedSession[]> => listSessions(store, index, user, keyOf)

  const refuses = onTooMany === 'refuse' && maxPerUser !== Infinity
  const most = refuses ? maxPerUser : 0

  /** An index that is full may hold sessions that have ended: whoever lists them takes them out. */
  async function addWhereRoomIs(
    user: string,
    entry: IndexEntry,
  ): Promise<number | 'revoked' | 'full'> {
    const count = await index.add(user, entry)
    if (count !== 'full') return count
    await list(user)
    return index.add(user, entry)
  }
  async function endOldest(user: string): Promise<void> {
    const live = (await list(user)).toSorted(byAge)
    const extra = Math.max(0, live.length - maxPerUser)
    await Promise.all(live.slice(0, extra).map(({ id }) => end(id)))
  }

  return {
    userOf: index.userOf,
    async checkRoom(user, id) {
      if (user === '' || !refuses) return
      const others = (await list(user)).filter((session) => session.id !== id)
      if (others.length >= maxPerUser) throw tooMany(maxPerUser)
    },
    async add(user, entry) {
      const count = await addWhereRoomIs(user, { ...entry, most })
      if (count === 'revoked' || count === 'full') {
        await end(entry.id)
        throw count === 'full' ? tooMany(maxPerUser) : revoked()
      }
      if (count > maxPerUser) await endOldest(user)
    },
    destroy: end,
    list,
    destroyAll: (user, except) => destroyAll(store, index, { user, except, keyOf }),
  }
}

function byAge(a: ListedSession, b: ListedSession): number {
  return signedInAt(a) - signedInAt(b) || (a.id < b.id ? -1 : 1)
}

function signedInAt({ authenticatedAtMs, createdAtMs }: ListedSession): number {
  return authenticatedAtMs ?? createdAtMs
}

/** The index is a hint: what its records say counts, and ids without a record leave it. */
async function listSessions(
  store: Store,
  index: UserIndex,
  user: string,
  keyOf: (id: string) => string,
): Promise<ListedSession[]> {
  const ids = await index.read(user)
  const found = await Promise.all(
    ids.map(async (id) => ({ id, summary: await store.run(inspect, { key: keyOf(id) }) })),
  )
  const live = found.flatMap(({ id, summary }) =>
    summary?.user === user ? [{ id, ...summary }] : [],
  )
  const liveIds = new Set(live.map(({ id }) => id))
  await index.remove(
    user,
    ids.filter((id) => !liveIds.has(id)),
  )
  return live
}

/** Records before their entries: when this fails half way, what is left is still listed and can be tried again. */
async function destroyAll(
  store: Store,
  index: UserIndex,
  {
    user,
    except,
    keyOf,
  }: { user: string; except: string | undefined; keyOf: (id: string) => string },
): Promise<number> {
  const ids = (await index.revoke(user)).filter((id) => id !== except)
  const count = await store.delete(ids.map(keyOf))
  await index.remove(user, ids)
  return count
}

function revoked(): SessionError {
  return new SessionError(
    'SLUICE_SESSION_REVOKED',
    'All sessions of the user were ended while this one was signed in, so it has ended, too. Sign in again.',
    401,
  )
}

function tooMany(maxPerUser: number): SessionError {
  return new SessionError(
    'SLUICE_SESSION_LIMIT',
    `The user has ${maxPerUser} sessions already, which is "maxPerUser". End one of them first.`,
    409,
  )
}
