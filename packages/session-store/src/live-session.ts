import { decodeAttributes } from './attributes.ts'
import { ControlledSession } from './controlled-session.ts'
import type { Device } from './record.ts'
import type { IssuedToken, Records, StoredRecord } from './records.ts'
import { clockFrom, findChanges, inTurn, replaceToken, save, type State } from './session-work.ts'
import type { Session } from './session.ts'

/** The session of one request, and what the HTTP layer must know of it. */
export interface LiveSession<Data extends object> {
  readonly session: Session<Data>
  /**
   * Saves what changed, after what is under way, renews the token where that is due, and forbids changes of the cookie from
   * then on. `undefined` when there was nothing to wait for; `'gone'` when the session had ended before it could be saved.
   * @param storeNew false to leave a session that is not stored as it is
   */
  finish(storeNew: boolean): Promise<'gone' | undefined> | undefined
  /** What the cookie must become: a new token, `'cleared'`, or as it is. */
  cookieChange(): IssuedToken | 'cleared' | undefined
}

/** What a live session needs besides its record. */
export interface LiveSessionParts {
  readonly records: Records
  /** False once the response has begun. */
  readonly canChangeCookie: () => boolean
  /** Where the request comes from. */
  readonly device?: Device | undefined
  /** A token that is older is replaced. Default: none is. */
  readonly renewEveryMs?: number
}

/** Makes the session of a request from its record, or an empty one. */
export function createLiveSession<Data extends object>(
  record: StoredRecord | undefined,
  { records, canChangeCookie, device, renewEveryMs = Infinity }: LiveSessionParts,
): LiveSession<Data> {
  const session = Object.assign(
    new ControlledSession(),
    decodeAttributes<Record<string, unknown>>(record?.texts ?? new Map()),
  )
  const state: State = {
    records,
    device,
    renewEveryMs,
    nowMs: clockFrom(record?.nowMs ?? 0),
    attributes: session,
    stored: record,
    cookieChange: undefined,
    canChangeCookie,
    lastTurn: undefined,
  }
  ControlledSession.control(session, state)
  return {
    // The attributes are what the store says they are, as with JSON.parse; the controls are those of the class.
    session: session as unknown as Session<Data>,
    finish(storeNew) {
      const mayStore = (): boolean => storeNew || state.stored !== undefined
      const isIdle = state.lastTurn === undefined && !isRenewalDue(state)
      // Looked for once: what is found is saved in this same step.
      const changed = isIdle ? findChanges(state, mayStore()) : undefined
      if (changed?.size === 0) {
        state.canChangeCookie = () => false
        return undefined
      }
      return inTurn(state, async () => {
        try {
          if (!isIdle && isRenewalDue(state) && (await replaceToken(state, {}))) return undefined
          return !mayStore() || (await save(state, changed)) ? undefined : 'gone'
        } finally {
          state.canChangeCookie = () => false
        }
      })
    },
    cookieChange: () => state.cookieChange,
  }
}

/** Nobody's token is renewed where nothing would tell the client. */
function isRenewalDue({
  stored,
  renewEveryMs,
  nowMs,
  canChangeCookie,
  cookieChange,
}: State): boolean {
  if (stored === undefined || cookieChange !== undefined || !canChangeCookie()) return false
  return nowMs() - stored.rotatedAtMs >= renewEveryMs
}
