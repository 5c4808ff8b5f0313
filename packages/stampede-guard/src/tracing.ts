import type { TracedKey, TraceMessage } from '@sluice/core'
import { createTrace, tracedKey, type Trace } from '@sluice/core/extend'

/** Which value it was. */
export interface GuardFields {
  /** The key as the caller gave it. */
  readonly key: TracedKey
}

/** A load. */
export interface LoadFields extends GuardFields {
  /** Because nothing was there, or in the background, before what is there expires. */
  readonly why: 'miss' | 'refresh'
}

/** The tracing channels of guards, with their messages. The cache below tells of its reads and writes on its own. */
export interface GuardTraces {
  /** Each call of `get` or of a wrapped function, whether it hits, loads, or joins a load. */
  readonly 'sluice:stampede-guard:get': TraceMessage<GuardFields>
  /** Each run of a loader, however many wait for it. */
  readonly 'sluice:stampede-guard:load': TraceMessage<LoadFields>
  /** Each value that `set` puts in place of a load. */
  readonly 'sluice:stampede-guard:set': TraceMessage<GuardFields>
  /** Each key that `delete` forgets; whether there was a value. */
  readonly 'sluice:stampede-guard:delete': TraceMessage<GuardFields, boolean>
}

export const traceGet: Trace<GuardFields, undefined> = createTrace('stampede-guard', 'get')
export const traceLoad: Trace<LoadFields, undefined> = createTrace('stampede-guard', 'load')
export const traceSet: Trace<GuardFields, undefined> = createTrace('stampede-guard', 'set')
export const traceDelete: Trace<GuardFields, boolean> = createTrace('stampede-guard', 'delete')

/** The message of an operation on one key. */
export function fieldsOf(key: string): GuardFields {
  return { key: tracedKey(() => key) }
}
