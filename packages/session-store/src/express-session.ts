/// <reference path="./compat/express-session-base.d.ts" />
// oxlint-disable-next-line no-restricted-imports -- A base class is a value; express-session is installed where this is used.
import Store from 'express-session/session/store.js'
import { createCompatSessions, type LoadedSession } from './compat/compat-sessions.ts'
import type {
  ExpressSessionBase,
  ExpressSessionCookie,
  ExpressSessionData,
  ExpressSessionStore,
} from './compat/express-session-types.ts'
import { encodeJson } from './compat/json-texts.ts'
import { parseCompatOptions, type CompatOptions } from './compat/options.ts'
import type { SessionWriter } from './compat/session-writer.ts'
import { storeMethod } from './compat/store-method.ts'

export type {
  ExpressSession,
  ExpressSessionCookie,
  ExpressSessionData,
  ExpressSessionStore,
  SessionName,
  StoreMethod,
} from './compat/express-session-types.ts'

/** Options of `expressSessionStore`. */
export type ExpressSessionStoreOptions<Data extends ExpressSessionData = ExpressSessionData> =
  CompatOptions<Data>

/**
 * Where a session carries its writer: express-session makes the cookie of a session of every enumerable member of the
 * stored one, and leaves those that it does not know out of JSON and of headers.
 */
const writerName = 'sluiceWriter'
type Carrier = ExpressSessionCookie & { [writerName]?: SessionWriter }

/**
 * A store for the middleware of the package `express-session`, with all of its optional methods. A save sends the
 * attributes that the request changed, in one step that first checks that the session is still there: parallel requests keep
 * each other's attributes, and one that is still running cannot bring a destroyed session back; what it changed then is
 * dropped, and told of on the channel `sluice:session-store:failure`. The store keeps hashes of ids, and no key without a
 * ttl. One store belongs to one middleware.
 *
 * It never emits `disconnect`, which would let requests pass without a session: while the cache's store does not answer,
 * they fail with `StoreUnavailableError`, status 503.
 *
 * @example
 * import session from 'express-session'
 * const store = expressSessionStore({ cache })
 * app.use(session({ store, secret, resave: false, saveUninitialized: false }))
 * @throws OptionError for an option that is unknown or of the wrong kind
 */
export function expressSessionStore<Data extends ExpressSessionData = ExpressSessionData>(
  options: ExpressSessionStoreOptions<Data> = {},
): ExpressSessionStore<Data> {
  const config = parseCompatOptions('expressSessionStore', options, 'express-session')
  const { idleMs } = config
  const sessions = createCompatSessions(config, (session) =>
    hasCookie<Data>(session) ? adoptedTtlMs(session.cookie, idleMs) : 0,
  )

  /** The writer of what a request loaded or wrote before, unless the session has a new id since. */
  const writerOf = (sid: string, cookie: Carrier): SessionWriter => {
    const known = cookie[writerName]
    if (known?.key === sessions.keyOf(sid)) return known
    return (cookie[writerName] = sessions.begin(sid))
  }

  return Object.assign(new Store<ExpressSessionBase<Data>>(), {
    get: storeMethod('get', async (sid: string) => {
      const loaded = await sessions.load(sid)
      return loaded && sessionOf<Data>(loaded)
    }),
    set: storeMethod('set', async (sid: string, session: Data) => {
      const { cookie } = session
      await writerOf(sid, cookie).save(encodeJson(session), ttlMsOf(cookie, idleMs))
    }),
    touch: storeMethod('touch', async (sid: string, { cookie }: Data) => {
      await sessions.touch(sid, encodeJson({ cookie }), ttlMsOf(cookie, idleMs))
    }),
    destroy: storeMethod('destroy', sessions.end),
    all: storeMethod('all', async () =>
      [...(await sessions.list())].flatMap(([id, attributes]) =>
        hasCookie<Data>(attributes) ? [{ ...withDates(attributes), id }] : [],
      ),
    ),
    length: storeMethod('length', async () => (await sessions.names()).length),
    ids: storeMethod('ids', sessions.names),
    clear: storeMethod('clear', sessions.clear),
  })
}

/** Without a cookie that can be read there is no session that express-session could make of it. */
function sessionOf<Data extends ExpressSessionData>({
  attributes,
  writer,
}: LoadedSession): Data | undefined {
  if (!hasCookie<Data>(attributes)) return undefined
  const session = withDates(attributes)
  const cookie: Carrier = session.cookie
  cookie[writerName] = writer
  return session
}

/** The reader vouches for the attributes, as with JSON.parse. */
function hasCookie<Data extends ExpressSessionData>(attributes: object): attributes is Data {
  return (
    'cookie' in attributes && typeof attributes.cookie === 'object' && attributes.cookie !== null
  )
}

function withDates<Data extends ExpressSessionData>(session: Data): Data {
  const { expires } = session.cookie
  return { ...session, cookie: { ...session.cookie, expires: expires && new Date(expires) } }
}

/** By the clock of this process, which is what the cookie's end was made with. */
function ttlMsOf({ expires }: ExpressSessionCookie, idleMs: number): number {
  const leftMs = expires ? Math.ceil(new Date(expires).getTime() - Date.now()) : Number.NaN
  return Number.isNaN(leftMs) ? idleMs : leftMs
}

/** Other stores move a session's end and not what its cookie says of it: it may be past. */
function adoptedTtlMs({ originalMaxAge }: ExpressSessionCookie, idleMs: number): number {
  return typeof originalMaxAge === 'number' && originalMaxAge > 0 ? originalMaxAge : idleMs
}
