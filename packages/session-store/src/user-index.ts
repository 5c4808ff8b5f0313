import type { Cache } from '@sluice/core'
import {
  indexAdd,
  indexRead,
  indexRemove,
  indexRevoke,
  type IndexAddArgs,
} from './operations/user-index.ts'

/**
 * Which sessions a user has. It stands in another Cluster slot than the records, so no step covers both; what keeps it
 * true is the order. A record is written before its entry, and its token is handed out after both: a session that is in
 * use is in the index. An entry without a record is dropped by whoever reads it, and by its deadline.
 *
 * Ending all of a user's sessions leaves a mark of when it was. A session that was signed in before, and is listed after, was
 * not among those that were ended: it is refused and ends as well.
 */
export interface UserIndex {
  /** A user as records say it, `''` for nobody. @throws KeyError for what cannot be a user id */
  userOf(userId: string | undefined): string
  /** How many are in it then, `'revoked'` when the session must end, `'full'` when there is no room. Nobody's session is in no index. */
  add(user: string, entry: IndexEntry): Promise<number | 'revoked' | 'full'>
  remove(user: string, ids: readonly string[]): Promise<void>
  /** The ids of the user's sessions, some of which may have ended. @throws KeyError as `userOf` */
  read(user: string): Promise<readonly string[]>
  /** The same, and sessions that were signed in until now will not be listed. */
  revoke(user: string): Promise<readonly string[]>
}

/** A session, as the index lists it. */
export type IndexEntry = Pick<IndexAddArgs, 'id' | 'absoluteEndMs' | 'signedInAtMs' | 'most'>

/** A script's arguments stand on a stack of 8000; several short steps also let other commands in between. */
const removeBatch = 512

/** @param markMs how long the mark of an end of all is kept: as long as a session can live */
export function createUserIndex(cache: Cache, markMs: number): UserIndex {
  const { store } = cache
  const keyOf = (user: string): string => cache.stateKey('session-user', user)
  const keysOf = (user: string) => ({ key: keyOf(user), markKey: `${keyOf(user)}:ended` })
  return {
    userOf(userId) {
      if (userId === undefined) return ''
      // Building the key is what refuses an id that cannot be one, '' among them.
      keyOf(userId)
      return userId
    },
    add: async (user, entry) =>
      user === '' ? 0 : store.run(indexAdd, { ...keysOf(user), ...entry }),
    async remove(user, ids) {
      if (user === '') return
      for (let at = 0; at < ids.length; at += removeBatch) {
        const batch = ids.slice(at, at + removeBatch)
        await store.run(indexRemove, { key: keyOf(user), ids: batch })
      }
    },
    read: async (user) => store.run(indexRead, { key: keyOf(user) }),
    revoke: async (user) => store.run(indexRevoke, { ...keysOf(user), markMs }),
  }
}
