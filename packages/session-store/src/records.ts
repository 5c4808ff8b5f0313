import type { Store } from '@sluice/core'
import { commit } from './operations/commit.ts'
import { create } from './operations/create.ts'
import { destroy } from './operations/destroy.ts'
import { inspect, type RecordSummary } from './operations/inspect.ts'
import { load } from './operations/load.ts'
import { rotate } from './operations/rotate.ts'
import { swap, type Swap, type SwapArgs } from './operations/swap.ts'
import type { SessionsConfig } from './options.ts'
import type { Texts } from './record.ts'
import { issueToken, nextToken, type Token } from './token.ts'
import { traceRecords } from './tracing.ts'
import { createUserIndex, type UserIndex } from './user-index.ts'

/** A session that is in the store, as it was read or written last. */
export interface StoredRecord {
  readonly token: Token
  /** `''` for nobody. */
  readonly user: string
  readonly createdAtMs: number
  readonly lastSeenAtMs: number
  readonly idleEndMs: number
  readonly absoluteEndMs: number
  readonly texts: Map<string, string>
}

/** A token that a client must be given now, and how long it can be of use. */
export interface IssuedToken {
  readonly token: Token
  readonly remainingMs: number
}

/** The part of a record that a writer saw. */
export type SeenRecord = Pick<StoredRecord, 'user'> & { readonly token: Pick<Token, 'id'> }

/** Records and indexes in the store: which operations run, on which keys, in which order. */
export interface Records {
  /** 1 command, 2 with a user. @throws KeyError for a user id that cannot be one, before anything is written */
  create(userId: string | undefined, texts: Texts): Promise<StoredRecord>
  /** 1 command. */
  load(token: Token, slackMs?: number): Promise<StoredRecord | undefined>
  /** 1 command. */
  commit(seen: SeenRecord, texts: Texts): Promise<boolean>
  /** 1 command. */
  swap(seen: SeenRecord, attribute: Pick<SwapArgs, 'name' | 'expected' | 'text'>): Promise<Swap>
  /** 1 command, 2 with a user. @throws KeyError as `create` */
  rotate(token: Token, userId: string | undefined, texts: Texts): Promise<IssuedToken | undefined>
  /** 1 command, 2 when a user was signed in. True when it was there. */
  destroy(id: string): Promise<boolean>
  /** Live sessions of a user: 1 command for the index, 1 a session, 1 if some are gone. */
  list(userId: string): Promise<(RecordSummary & { readonly id: string })[]>
  /** 1 command for the index, 1 for every 512 sessions on one server, 1 to empty the index. */
  destroyAll(userId: string): Promise<number>
}

/** Makes the records of a cache. */
export function createRecords(config: SessionsConfig): Records {
  const { cache, idleMs, absoluteMs, slackMs } = config
  const { store } = cache
  const keyOf = (id: string): string => cache.stateKey('session', id)
  const index = createUserIndex(cache)
  const records: Records = {
    async create(userId, texts) {
      const user = index.userOf(userId)
      const token = issueToken()
      const { id, secretHash } = token
      const args = { key: keyOf(id), secretHash, user, idleMs, absoluteMs, texts }
      const lifetime = await store.run(create, args)
      if (lifetime === undefined) return records.create(userId, texts)
      const { nowMs, absoluteEndMs } = lifetime
      await index.add(user, id, absoluteEndMs)
      const times = { createdAtMs: nowMs, lastSeenAtMs: nowMs, idleEndMs: nowMs + idleMs }
      return { token, user, ...times, absoluteEndMs, texts: new Map(texts) }
    },
    async load(token, loadSlackMs = slackMs) {
      const { id, secretHash } = token
      const found = await store.run(load, { key: keyOf(id), secretHash, slackMs: loadSlackMs })
      return found === undefined ? undefined : { token, ...found }
    },
    commit: ({ token, user }, texts) => store.run(commit, { key: keyOf(token.id), user, texts }),
    swap: ({ token, user }, attribute) =>
      store.run(swap, { key: keyOf(token.id), user, ...attribute }),
    async rotate(token, userId, texts) {
      const user = index.userOf(userId)
      const next = nextToken(token)
      const secrets = { secretHash: token.secretHash, nextSecretHash: next.secretHash }
      const lifetime = await store.run(rotate, { key: keyOf(token.id), ...secrets, user, texts })
      if (lifetime === undefined) return undefined
      const { nowMs, absoluteEndMs } = lifetime
      await index.add(user, token.id, absoluteEndMs)
      return { token: next, remainingMs: absoluteEndMs - nowMs }
    },
    async destroy(id) {
      const user = await store.run(destroy, { key: keyOf(id) })
      if (user === undefined) return false
      await index.remove(user, [id])
      return true
    },
    list: (userId) => listRecords(store, index, userId, keyOf),
    destroyAll: (userId) => destroyRecords(store, index, userId, keyOf),
  }
  return traceRecords(records)
}

/** The index is a hint: what its records say counts, and ids without a record leave it. */
async function listRecords(
  store: Store,
  index: UserIndex,
  userId: string,
  keyOf: (id: string) => string,
): Promise<(RecordSummary & { readonly id: string })[]> {
  const ids = await index.read(userId)
  const found = await Promise.all(
    ids.map(async (id) => ({ id, summary: await store.run(inspect, { key: keyOf(id) }) })),
  )
  const live = found.flatMap(({ id, summary }) =>
    summary?.user === userId ? [{ id, ...summary }] : [],
  )
  const liveIds = new Set(live.map(({ id }) => id))
  await index.remove(
    userId,
    ids.filter((id) => !liveIds.has(id)),
  )
  return live
}

/** Records before their entries: when this fails half way, what is left is still listed and can be tried again. */
async function destroyRecords(
  store: Store,
  index: UserIndex,
  userId: string,
  keyOf: (id: string) => string,
): Promise<number> {
  const ids = await index.read(userId)
  const count = await store.delete(ids.map(keyOf))
  await index.remove(userId, ids)
  return count
}
