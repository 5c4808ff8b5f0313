import { changedTexts, decodeAttributes, encodeAttributes } from './attributes.ts'
import { parseSessionsOptions, type SessionsOptions } from './options.ts'
import { createRecords, type Records, type StoredRecord } from './records.ts'
import type { Attributes, SessionData } from './session.ts'
import { parseToken } from './token.ts'

/** A session without its attributes, as lists show it. */
export interface SessionSummary {
  /** Names the session; it opens nothing. */
  readonly id: string
  /** Who is signed in. */
  readonly userId: string | undefined
  /** ms since 1970, by the store's clock. */
  readonly createdAtMs: number
  /** When it was used last, to within a tenth of `idle`. */
  readonly lastSeenAtMs: number
  /** When it ends if nobody uses it again. */
  readonly expiresAtMs: number
}

/** A session as it was when it was read. Changing this object stores nothing: `commit` does. */
export interface StoredSession<Data extends object = SessionData> extends SessionSummary {
  readonly data: Partial<Data>
}

/** How a session begins. */
export interface NewSession<Data extends object = SessionData> {
  /** Who is signed in, if anybody. The session is listed under this user. */
  readonly userId?: string
  /** Its first attributes. */
  readonly data?: Attributes<Data>
}

/**
 * Sessions without HTTP: for sign-out-everywhere, lists of devices, WebSockets and jobs. A token is what a client
 * holds, `id.secret`, whoever has it has the session; an id only names it. Every method rejects with
 * `StoreUnavailableError` when the store does not answer within its deadline.
 */
export interface Sessions<Data extends object = SessionData> {
  /** Starts a session. Give the token to its owner and to nobody else: the store does not know it. */
  create(session?: NewSession<Data>): Promise<{ token: string; session: StoredSession<Data> }>
  /** The session of a token, `undefined` without a live one. Counts as use: the idle deadline moves. */
  load(token: string): Promise<StoredSession<Data> | undefined>
  /** Counts as use without reading: moves the idle deadline. False without a live session. */
  refresh(token: string): Promise<boolean>
  /**
   * Writes some attributes, `undefined` removes one, and leaves the others as they are by then. False, and nothing
   * written, when the session has ended or somebody has signed in since it was loaded.
   */
  commit(
    session: Pick<SessionSummary, 'id' | 'userId'>,
    changes: Attributes<Data>,
  ): Promise<boolean>
  /**
   * Replaces the token: the old one is dead, attributes and deadlines stay. With `userId` it signs that user in.
   * `undefined` without a live session of that token, or when another user is signed in.
   */
  rotate(token: string, options?: { readonly userId?: string }): Promise<string | undefined>
  /** Ends the session of an id, for good. True when there was one. */
  destroy(id: string): Promise<boolean>
  /** Ends every session of a user and answers how many. Costs in proportion to that user's sessions alone. */
  destroyAll(userId: string): Promise<number>
  /** The live sessions of a user, last used first. Does not count as use. */
  list(userId: string): Promise<readonly SessionSummary[]>
}

/**
 * Makes sessions on a cache.
 *
 * @example
 * const sessions = createSessions({ cache, idle: '24h' })
 * const { token } = await sessions.create({ userId: 'ada' })
 * await sessions.destroyAll('ada')
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function createSessions<Data extends object = SessionData>(
  options: SessionsOptions = {},
): Sessions<Data> {
  const records = createRecords(parseSessionsOptions(options))
  return {
    async create({ userId, data = {} } = {}) {
      const record = await records.create(userId, changedTexts(data, new Map()))
      return { token: record.token.text, session: toSession(record) }
    },
    async load(token) {
      const record = await loadRecord(records, token)
      return record === undefined ? undefined : toSession(record)
    },
    refresh: async (token) => (await loadRecord(records, token, 0)) !== undefined,
    commit: async ({ id, userId = '' }, changes) =>
      records.commit({ token: { id }, user: userId }, encodeAttributes(changes)),
    async rotate(text, { userId } = {}) {
      const token = parseToken(text)
      if (token === undefined) return undefined
      return (await records.rotate(token, userId, new Map()))?.token.text
    },
    destroy: async (id) => records.destroy(id),
    destroyAll: async (userId) => records.destroyAll(userId),
    async list(userId) {
      const found = await records.list(userId)
      return found.map(toSummary).toSorted((a, b) => b.lastSeenAtMs - a.lastSeenAtMs)
    },
  }
}

async function loadRecord(
  records: Records,
  text: string,
  slackMs?: number,
): Promise<StoredRecord | undefined> {
  const token = parseToken(text)
  return token === undefined ? undefined : records.load(token, slackMs)
}

function toSession<Data extends object>(record: StoredRecord): StoredSession<Data> {
  return {
    ...toSummary({ id: record.token.id, ...record }),
    data: decodeAttributes<Data>(record.texts),
  }
}

type Summarised = Omit<StoredRecord, 'token' | 'texts'> & { readonly id: string }

function toSummary(record: Summarised): SessionSummary {
  const { id, user, createdAtMs, lastSeenAtMs, idleEndMs, absoluteEndMs } = record
  return {
    id,
    userId: user === '' ? undefined : user,
    createdAtMs,
    lastSeenAtMs,
    expiresAtMs: Math.min(idleEndMs, absoluteEndMs),
  }
}
