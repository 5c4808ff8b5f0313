import type { TracedKey, TraceMessage } from '@sluice/core'
import { createTrace, tracedKey, type Trace } from '@sluice/core/extend'
import type { Records } from './records.ts'

/** Which session. */
export interface SessionFields {
  /** Its public id, which opens nothing. Never a token. */
  readonly key: TracedKey
}

/** Whose sessions. */
export interface UserFields {
  /** The user's id. */
  readonly key: TracedKey
}

/** What a session came to that was to be read or written. */
export type SessionOutcome = 'done' | 'gone'

/** The tracing channels of sessions, with their messages. A session that has ended is a result, not an error. */
export interface SessionTraces {
  /** Each new session that is stored. */
  readonly 'sluice:session-store:create': TraceMessage<object>
  /** Each read of a session; a `miss` when it is not there or has ended. */
  readonly 'sluice:session-store:load': TraceMessage<SessionFields, 'hit' | 'miss'>
  /** Each write of attributes. */
  readonly 'sluice:session-store:commit': TraceMessage<SessionFields, SessionOutcome>
  /** Each new token, of a sign-in too. */
  readonly 'sluice:session-store:rotate': TraceMessage<SessionFields, SessionOutcome>
  /** The end of one session. */
  readonly 'sluice:session-store:destroy': TraceMessage<SessionFields, SessionOutcome>
  /** Each list of a user's sessions; how many there are. */
  readonly 'sluice:session-store:list': TraceMessage<UserFields, number>
  /** The end of a user's sessions; how many there were. */
  readonly 'sluice:session-store:destroyAll': TraceMessage<UserFields, number>
}

const area = 'session-store'
const traceCreate: Trace<object, undefined> = createTrace(area, 'create')
const traceLoad: Trace<SessionFields, 'hit' | 'miss'> = createTrace(area, 'load')
const traceCommit: Trace<SessionFields, SessionOutcome> = createTrace(area, 'commit')
const traceRotate: Trace<SessionFields, SessionOutcome> = createTrace(area, 'rotate')
const traceDestroy: Trace<SessionFields, SessionOutcome> = createTrace(area, 'destroy')
const traceList: Trace<UserFields, number> = createTrace(area, 'list')
const traceDestroyAll: Trace<UserFields, number> = createTrace(area, 'destroyAll')

/** The same records, told of. */
export function traceRecords(records: Records): Records {
  return {
    ...records,
    create: traceCreate.wrap(
      records.create,
      () => ({}),
      () => undefined,
    ),
    load: traceLoad.wrap(
      records.load,
      ({ id }) => keyed(id),
      (found) => (found === undefined ? 'miss' : 'hit'),
    ),
    commit: traceCommit.wrap(records.commit, ({ token }) => keyed(token.id), outcome),
    rotate: traceRotate.wrap(
      records.rotate,
      ({ token }) => keyed(token.id),
      (issued) => outcome(issued !== undefined),
    ),
    destroy: traceDestroy.wrap(records.destroy, keyed, outcome),
    list: traceList.wrap(records.list, keyed, (sessions) => sessions.length),
    destroyAll: traceDestroyAll.wrap(records.destroyAll, keyed, (count) => count),
  }
}

function keyed(key: string): { key: TracedKey } {
  return { key: tracedKey(() => key) }
}

function outcome(isDone: boolean): SessionOutcome {
  return isDone ? 'done' : 'gone'
}
