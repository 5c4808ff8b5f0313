import { createCompatSessions } from './compat/compat-sessions.ts'
import { encodeJson } from './compat/json-texts.ts'
import { parseCompatOptions, type CompatOptions } from './compat/options.ts'
import type { SessionWriter } from './compat/session-writer.ts'

/** What koa-session keeps: the attributes, and what it notes itself. */
export interface KoaSessionData {
  /** When it ends, ms since 1970. */
  _expire?: number
  /** Its `maxAge` in ms. */
  _maxAge?: number
  /** True when it ends with the browser. */
  _session?: true
  /** What the application keeps. */
  [attribute: string]: unknown
}

/** Options of `koaSessionStore`. */
export type KoaSessionStoreOptions = CompatOptions<KoaSessionData>

/** What koa-session tells a store of a request. */
export interface KoaSessionCall {
  /** The request's `ctx`. */
  readonly ctx?: object
}

/** An external store of koa-session. */
export interface KoaSessionStore {
  /** The session of an id, `undefined` without a live one. `maxAge` is not looked at: the store knows the end. */
  get(key: string, maxAge?: unknown, call?: KoaSessionCall): Promise<KoaSessionData | undefined>
  /**
   * Saves what the request changed. A session that was ended meanwhile stays ended.
   *
   * @param maxAge in ms; `'session'` for a cookie that ends with the browser
   */
  set(
    key: string,
    session: KoaSessionData,
    maxAge?: number | 'session',
    call?: KoaSessionCall,
  ): Promise<void>
  /** Ends the session of an id, for good. */
  destroy(key: string, call?: KoaSessionCall): Promise<void>
}

/** koa-session lets the store keep a session longer than the cookie. */
const afterCookieMs = 10_000

/**
 * A store for the middleware of the package `koa-session`. A save sends the attributes that the request changed, in one
 * step that first checks that the session is still there: parallel requests keep each other's attributes, and one that is
 * still running cannot bring a destroyed session back; what it changed then is dropped, and told of on the channel
 * `sluice:session-store:failure`. The store keeps hashes of ids, and no key without a ttl.
 *
 * @example
 * import session from 'koa-session'
 * app.use(session({ store: koaSessionStore({ cache }), maxAge: 86_400_000 }, app))
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function koaSessionStore(options: KoaSessionStoreOptions = {}): KoaSessionStore {
  const config = parseCompatOptions('koaSessionStore', options, 'koa-session')
  const ttlOf = (maxAge: unknown): number =>
    typeof maxAge === 'number' && !Number.isNaN(maxAge) ? Math.ceil(maxAge) : config.idleMs
  const sessions = createCompatSessions(config, ({ _maxAge }) =>
    _maxAge === undefined || _maxAge <= 0 ? config.idleMs : ttlOf(_maxAge) + afterCookieMs,
  )
  const writers = new WeakMap<object, SessionWriter>()

  return {
    async get(sid, _maxAge, { ctx } = {}) {
      const loaded = await sessions.load(sid)
      if (ctx !== undefined && loaded !== undefined) writers.set(ctx, loaded.writer)
      return loaded?.attributes
    },
    async set(sid, session, maxAge, { ctx } = {}) {
      const known = ctx && writers.get(ctx)
      // After regenerate() the request goes on with another session.
      const writer = known?.key === sessions.keyOf(sid) ? known : sessions.begin(sid)
      if (ctx !== undefined) writers.set(ctx, writer)
      await writer.save(encodeJson(session), ttlOf(maxAge))
    },
    destroy: (sid) => sessions.end(sid),
  }
}
