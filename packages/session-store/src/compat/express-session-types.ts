import type { EventEmitter } from 'node:events'

/** What a store reads of the cookie that express-session keeps in a session. */
export interface ExpressSessionCookie {
  /** Ms from the last response on; `null` for a cookie that ends with the browser. */
  originalMaxAge: number | null
  /** When it ends; none for a cookie that ends with the browser. */
  expires?: Date | null | undefined
}

/** What express-session keeps: the attributes, and the cookie among them. */
export interface ExpressSessionData {
  /** What the cookie was set with. */
  cookie: ExpressSessionCookie
}

/** `req.session` of express-session. */
export interface ExpressSession {
  /** The id that the cookie holds. */
  id: string
  /** What the cookie is set with. */
  cookie: ExpressSessionCookie
  /** Ends this session and gives the request an empty one with another id. */
  regenerate(callback: (error: unknown) => void): this
  /** Ends this session; the request has none from then on. */
  destroy(callback: (error: unknown) => void): this
  /** Reads the attributes anew, and drops what was changed since. */
  reload(callback: (error: unknown) => void): this
  /** Counts `maxAge` from now. */
  resetMaxAge(): this
  /** Saves now instead of at the end of the response. */
  save(callback?: (error: unknown) => void): this
  /** Counts `maxAge` from now: what the middleware does on each request. */
  touch(): this
}

/** Calls back once, or resolves when it is given no callback. */
export interface StoreMethod<Args extends unknown[], Result> {
  (...args: Args): Promise<Result>
  (...args: [...Args, callback?: (error: unknown, result?: Result) => void]): unknown
}

/** What the base class of express-session's stores gives. */
export interface ExpressSessionBase<Data extends ExpressSessionData> extends EventEmitter {
  /** Ends the session of a request and gives the request an empty one. */
  regenerate(request: object, callback: (error?: unknown) => void): void
  /** The session of an id, made ready as `req.session` is. */
  load(sid: string, callback: (error: unknown, session?: Data) => void): void
  /** Makes `req.session` of what was read. */
  createSession(request: object, session: Data): ExpressSession & Data
}

/** What names a session in a list. */
export interface SessionName {
  /** The hash of its id: `destroy` takes it, and it opens nothing. */
  id: string
}

/** A store of express-session, with all that a store may have. */
export interface ExpressSessionStore<
  Data extends ExpressSessionData,
> extends ExpressSessionBase<Data> {
  /** The session of an id, `undefined` without a live one. */
  get: StoreMethod<[sid: string], Data | undefined>
  /** Saves what the request changed. A session that was ended meanwhile stays ended. */
  set: StoreMethod<[sid: string, session: Data], void>
  /** Moves the end of a session to where its cookie says. One that has ended stays ended. */
  touch: StoreMethod<[sid: string, session: Data], void>
  /** Ends the session of an id, or one from `all()` or `ids()`. */
  destroy: StoreMethod<[sid: string], void>
  /** All sessions, each with the `id` by which `destroy` ends it. One command a session: for tools. */
  all: StoreMethod<[], (Data & SessionName)[]>
  /** How many sessions there are. A scan: for tools. */
  length: StoreMethod<[], number>
  /** Names of all sessions: hashes of their ids, which `destroy` takes and which open nothing. A scan: for tools. */
  ids: StoreMethod<[], string[]>
  /** Ends all sessions of this prefix. A scan: for tools. */
  clear: StoreMethod<[], void>
}
