import { OptionError } from '@sluice/core'
import { changedTexts, decodeAttributes, encodeAttributes } from './attributes.ts'
import type { CookieConfig } from './cookie-options.ts'
import { parseSessionsOptions, type SessionsOptions } from './options.ts'
import type { RecordSummary } from './operations/inspect.ts'
import type { Device } from './record.ts'
import { createRecords, type StoredRecord } from './records.ts'
import { requestTokens, type CookieRequest } from './request-token.ts'
import type { Attributes, RotateOptions, SessionData } from './session.ts'
import { parseToken, type Token } from './token.ts'

/** A session without its attributes, as lists show it. */
export interface SessionSummary {
  /** Names the session; it opens nothing. */
  readonly id: string
  /** Who is signed in. */
  readonly userId: string | undefined
  /** Where it began, or where the user signed in, as far as that is stored. */
  readonly device: Device
  /** When the user signed in last, ms since 1970. */
  readonly authenticatedAtMs: number | undefined
  /** ms since 1970, by the store's clock. */
  readonly createdAtMs: number
  /** When it was used last, to within a tenth of `idle`. */
  readonly lastSeenAtMs: number
  /** When it ends if nobody uses it again. */
  readonly expiresAtMs: number
}

/** A session as it was when it was read. Changing this object stores nothing: `commit` does. */
export interface StoredSession<Data extends object = SessionData> extends SessionSummary {
  /** Its attributes: any may be missing. */
  readonly data: Partial<Data>
}

/** A new session. */
export interface IssuedSession<Data extends object = SessionData> {
  /** What the client holds: whoever has it has the session. The store does not know it. */
  token: string
  /** The session, as it was stored. */
  session: StoredSession<Data>
}

/** How a session begins. */
export interface NewSession<Data extends object = SessionData> {
  /** Who is signed in, if anybody. The session is listed under this user. */
  readonly userId?: string | undefined
  /** Its first attributes. */
  readonly data?: Attributes<Data> | undefined
  /** Where it is used from. */
  readonly device?: Device | undefined
}

/** How one rotation differs. */
export interface RotateTokenOptions<Data extends object = SessionData> extends RotateOptions<Data> {
  /** Signs this user in: the old token is dead at once. */
  readonly userId?: string | undefined
  /** Where the user signs in. */
  readonly device?: Device | undefined
}

/**
 * Sessions without HTTP: for sign-out-everywhere, lists of devices, WebSockets and jobs. A token is what a client
 * holds, `id.secret`, whoever has it has the session; an id only names it. Every method rejects with
 * `StoreUnavailableError` when the store does not answer within its deadline.
 */
export interface Sessions<Data extends object = SessionData> {
  /** Starts a session. Give the token to its owner and to nobody else: the store does not know it. */
  create(session?: NewSession<Data>): Promise<IssuedSession<Data>>
  /**
   * The session of a token, or of a request's cookie where there is no response, as when a WebSocket opens; `undefined`
   * without a live one. Counts as use: the idle deadline moves.
   *
   * @throws OptionError for a request without the option `secret`
   */
  load(from: string | CookieRequest): Promise<StoredSession<Data> | undefined>
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
   * Replaces the token: the old one is of use for `rotationGrace` longer. Deadlines stay, and attributes unless `keep` says
   * which. With `userId` it signs that user in. `undefined` without a live session of that token, or when another user is
   * signed in.
   */
  rotate(token: string, options?: RotateTokenOptions<Data>): Promise<string | undefined>
  /** Ends the session of an id, for good. True when there was one. */
  destroy(id: string): Promise<boolean>
  /**
   * Ends every session of a user but the one of the id `except`, and answers how many. One that is being signed in at the
   * same time ends as well. Costs in proportion to that user's sessions alone.
   */
  destroyAll(userId: string, options?: { readonly except?: string | undefined }): Promise<number>
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
  const config = parseSessionsOptions(options)
  const records = createRecords(config)
  return {
    async create({ userId, data = {}, device } = {}) {
      const record = await records.create({
        userId,
        texts: changedTexts(data, new Map()),
        device,
      })
      return { token: record.token.text, session: toSession(record) }
    },
    async load(from) {
      for (const token of tokensIn(from, config.cookie)) {
        const record = await records.load(token)
        if (record !== undefined) return toSession(record)
      }
      return undefined
    },
    async refresh(text) {
      const token = parseToken(text)
      return token !== undefined && (await records.load(token, 0)) !== undefined
    },
    commit: async ({ id, userId = '' }, changes) =>
      records.commit({ token: { id }, user: userId }, encodeAttributes(changes)),
    async rotate(text, { userId, device, keep = true } = {}) {
      const token = parseToken(text)
      if (token === undefined) return undefined
      const rotation = { userId, device, keep: keep === true ? undefined : keep }
      return (await records.rotate({ token }, rotation))?.token.text
    },
    destroy: async (id) => records.destroy(id),
    destroyAll: async (userId, { except } = {}) => records.destroyAll(userId, except),
    async list(userId) {
      const found = await records.list(userId)
      return found.map(toSummary).toSorted((a, b) => b.lastSeenAtMs - a.lastSeenAtMs)
    },
  }
}

function tokensIn(
  from: string | CookieRequest,
  cookie: CookieConfig | undefined,
): readonly Token[] {
  if (typeof from !== 'object') return [parseToken(from)].filter((token) => token !== undefined)
  if (cookie !== undefined) return requestTokens(from, cookie).map(({ token }) => token)
  throw new OptionError(
    'load(request) needs the secret that signs the cookie. Give createSessions() the same "secret" and "cookie" as session().',
  )
}

function toSession<Data extends object>(record: StoredRecord): StoredSession<Data> {
  return {
    ...toSummary({ ...record, id: record.token.id }),
    data: decodeAttributes<Data>(record.texts),
  }
}

type Summarised = RecordSummary & { readonly id: string }

function toSummary(record: Summarised): SessionSummary {
  const { id, user, device, authenticatedAtMs } = record
  const { createdAtMs, lastSeenAtMs, idleEndMs, absoluteEndMs } = record
  return {
    id,
    userId: user === '' ? undefined : user,
    device,
    authenticatedAtMs,
    createdAtMs,
    lastSeenAtMs,
    expiresAtMs: Math.min(idleEndMs, absoluteEndMs),
  }
}
