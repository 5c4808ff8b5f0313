import type { EventEmitter } from 'node:events'

/** What a store reads of the cookie that express-session keeps in a session. */
export interface ExpressSessionCookie {
  originalMaxAge: number | null
  expires?: Date | null | undefined
}

/** What express-session keeps: the attributes, and the cookie among them. */
export interface ExpressSessionData {
  cookie: ExpressSessionCookie
}

/** `req.session` of express-session. */
export interface ExpressSession {
  id: string
  cookie: ExpressSessionCookie
  regenerate(callback: (error: unknown) => void): this
  destroy(callback: (error: unknown) => void): this
  reload(callback: (error: unknown) => void): this
  resetMaxAge(): this
  save(callback?: (error: unknown) => void): this
  touch(): this
}

/** Calls back once, or resolves when it is given no callback. */
export interface StoreMethod<Args extends unknown[], Result> {
  (...args: Args): Promise<Result>
  (...args: [...Args, callback?: (error: unknown, result?: Result) => void]): unknown
}

/** What the base class of express-session's stores gives. */
export interface ExpressSessionBase<Data extends ExpressSessionData> extends EventEmitter {
  regenerate(request: object, callback: (error?: unknown) => void): void
  load(sid: string, callback: (error: unknown, session?: Data) => void): void
  createSession(request: object, session: Data): ExpressSession & Data
}

/** A store of express-session, with all that a store may have. */
export interface ExpressSessionStore<
  Data extends ExpressSessionData,
> extends ExpressSessionBase<Data> {
  get: StoreMethod<[sid: string], Data | undefined>
  set: StoreMethod<[sid: string, session: Data], void>
  /** Moves the end of a session to where its cookie says. One that has ended stays ended. */
  touch: StoreMethod<[sid: string, session: Data], void>
  /** Ends the session of an id, or one from `all()` or `ids()`. */
  destroy: StoreMethod<[sid: string], void>
  /** All sessions, each with the `id` by which `destroy` ends it. One command a session: for tools. */
  all: StoreMethod<[], (Data & { id: string })[]>
  /** How many sessions there are. A scan: for tools. */
  length: StoreMethod<[], number>
  /** Names of all sessions: hashes of their ids, which `destroy` takes and which open nothing. A scan: for tools. */
  ids: StoreMethod<[], string[]>
  /** Ends all sessions of this prefix. A scan: for tools. */
  clear: StoreMethod<[], void>
}
