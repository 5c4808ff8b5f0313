/**
 * What happened to one attempt at a lock, as its worker saw it. Moments are ms of the machine's monotonic clock, which
 * the recorder and all workers read: there is one clock, and no message that waits in a pipe can blur a border.
 */
export type HistoryEvent = Moment & (Happening | Written)

/** When, where, and to which attempt at which lock. */
interface Moment {
  readonly atMs: number
  readonly worker: string
  /** The attempt, and the hold that it may lead to. No two have the same. */
  readonly hold: string
  readonly lock: string
}

type Happening =
  | { readonly type: 'invoke' }
  /** It was granted. The local deadline is when the holder stops on its own; `Infinity` for one that does not. */
  | { readonly type: 'ok'; readonly fence: number; readonly deadlineMs: number }
  /** The deadline is later now. */
  | { readonly type: 'kept'; readonly deadlineMs: number }
  /** It was not granted. */
  | { readonly type: 'refused'; readonly code: string }
  | { readonly type: 'lost'; readonly reason: string }
  | { readonly type: 'release-called' }
  | { readonly type: 'released'; readonly how: string }
  /** It put its mark into the list that nothing guards but the lock. */
  | { readonly type: 'appended'; readonly mark: string }

/** It wrote to the register that checks fences, some time between `calledMs` and `atMs`. */
interface Written {
  readonly type: 'written'
  readonly fence: number
  readonly accepted: boolean
  readonly calledMs: number
}

/** This moment, by the clock that all processes share. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
