import { StoreUnavailableError } from '@sluice/core'
import type { Exchange } from '@sluice/core/http'
import type { SessionCookie } from './cookie.ts'
import { createLiveSession } from './live-session.ts'
import type { SessionConfig } from './options.ts'
import type { Device } from './record.ts'
import type { IssuedToken, Records, StoredRecord } from './records.ts'
import { reportFailure } from './refusals.ts'
import type { Session, SessionData } from './session.ts'
import { saveLate, settle, type OpenedSession } from './settle.ts'

/** The session of one request, loaded when somebody asks for it. */
export interface LazySession {
  /**
   * Loads the session, once; every later call gives the same one. Also puts it on the context, as `session`.
   * @throws StoreUnavailableError when the store does not answer and that is not to be absorbed; a later call tries again
   */
  load(): Promise<Session>
  /** The store did not answer, so nobody knows whether there is a session. */
  degraded(): boolean
}

type LazyConfig = Pick<
  SessionConfig,
  'onStoreError' | 'onGone' | 'renewEveryMs' | 'device' | 'graceMs'
>

/** What the session of a request is made of. */
export interface RequestParts {
  readonly config: LazyConfig
  readonly records: Records
  readonly exchange: Exchange<object>
  readonly cookie: SessionCookie
}

/** Prepares the session of an exchange. Costs no command before `load()`. */
export function createLazySession(parts: RequestParts): LazySession {
  const { exchange } = parts
  let opened: OpenedSession | undefined
  let loading: Promise<Session> | undefined
  let headersLeft = false

  const open = async (): Promise<Session> => {
    const opening = await openSession(parts, () => headersLeft)
    opened = opening
    const { session } = opening.live
    Object.defineProperty(exchange.context, 'session', { value: session, enumerable: true })
    exchange.onClosed(() => saveLate(opening))
    return session
  }
  const tryAgain = (error: unknown): never => {
    loading = undefined
    throw error
  }
  const leave = (): ReturnType<typeof settle> => {
    headersLeft = true
    return opened === undefined ? undefined : settle(opened)
  }
  // Registered before there is a session: once a response is held, no hook can join in.
  exchange.beforeHeaders(() =>
    opened === undefined && loading !== undefined ? loading.then(leave, leave) : leave(),
  )
  return {
    load: () => (loading ??= open().catch(tryAgain)),
    degraded: () => opened?.degraded ?? false,
  }
}

/** @param headersLeft true once the hooks have run, also while another one holds the response */
async function openSession(
  parts: RequestParts,
  headersLeft: () => boolean,
): Promise<OpenedSession> {
  const { records, exchange, cookie, config } = parts
  const found = await findRecord(parts)
  const settled = headersLeft()
  const { onGone, renewEveryMs } = config
  const live = createLiveSession<SessionData>(found?.record, {
    records,
    canChangeCookie: () => !settled && !exchange.headersSent,
    device: deviceOf(exchange, config.device),
    renewEveryMs,
  })
  return { live, cookie, onGone, degraded: found === undefined, reissue: found?.reissue, settled }
}

interface Found {
  readonly record: StoredRecord | undefined
  readonly reissue: IssuedToken | undefined
}

/** The record of the first token that has one; `undefined` when the store is away. No cookie of ours: no command. */
async function findRecord({ config, records, cookie }: RequestParts): Promise<Found | undefined> {
  try {
    for (const { token, byOldSecret } of cookie.tokens()) {
      const record = await records.load(token)
      if (record !== undefined) {
        return { record, reissue: byOldSecret ? reissueOf(record, config.graceMs) : undefined }
      }
    }
    return { record: undefined, reissue: undefined }
  } catch (error) {
    if (config.onStoreError === 'fail' || !(error instanceof StoreUnavailableError)) throw error
    reportFailure({ verb: 'load', instead: config.onStoreError, error })
    return undefined
  }
}

/** A token that still opens the record in its grace is not the one to give out: it would take the place of the next. */
function reissueOf(
  { token, absoluteEndMs, rotatedAtMs, nowMs }: StoredRecord,
  graceMs: number,
): IssuedToken | undefined {
  const isLatest = nowMs - rotatedAtMs >= graceMs
  return isLatest ? { token, remainingMs: absoluteEndMs - nowMs, nowMs } : undefined
}

function deviceOf(
  exchange: Exchange<object>,
  { address, userAgent }: SessionConfig['device'],
): Device {
  return {
    address: address ? exchange.ip : undefined,
    userAgent: userAgent ? exchange.header('user-agent') : undefined,
  }
}
