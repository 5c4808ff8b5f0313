import type { Cache } from '@sluice/core'
import { indexAdd, indexRead, indexRemove } from './operations/user-index.ts'

/**
 * Which sessions a user has. It stands in another Cluster slot than the records, so no step covers both; what keeps it
 * true is the order. A record is written before its entry, and its token is handed out after both: a session that is in
 * use is in the index. An entry without a record is dropped by whoever reads it, and by its deadline.
 */
export interface UserIndex {
  /** A user as records say it, `''` for nobody. @throws KeyError for what cannot be a user id */
  userOf(userId: string | undefined): string
  add(user: string, id: string, absoluteEndMs: number): Promise<void>
  remove(user: string, ids: readonly string[]): Promise<void>
  /** The ids of the user's sessions, some of which may have ended. @throws KeyError as `userOf` */
  read(user: string): Promise<readonly string[]>
}

/** A script's arguments stand on a stack of 8000; several short steps also let other commands in between. */
const removeBatch = 512

/** Makes the indexes of a cache. */
export function createUserIndex(cache: Cache): UserIndex {
  const { store } = cache
  const keyOf = (user: string): string => cache.stateKey('session-user', user)
  return {
    userOf(userId) {
      if (userId === undefined) return ''
      // Building the key is what refuses an id that cannot be one, '' among them.
      keyOf(userId)
      return userId
    },
    async add(user, id, absoluteEndMs) {
      if (user !== '') await store.run(indexAdd, { key: keyOf(user), id, absoluteEndMs })
    },
    async remove(user, ids) {
      if (user === '') return
      for (let at = 0; at < ids.length; at += removeBatch) {
        const batch = ids.slice(at, at + removeBatch)
        await store.run(indexRemove, { key: keyOf(user), ids: batch })
      }
    },
    read: async (user) => store.run(indexRead, { key: keyOf(user) }),
  }
}
