import { onAbort } from '@sluice/core/extend'

/** One signal for several. */
export interface JoinedSignal {
  /** Aborts with the first of them, for its reason. */
  readonly signal: AbortSignal
  /**
   * Listens to them no more. `AbortSignal.any` cannot be told that: on Node 20 a signal that lives as long as the process
   * keeps what was ever joined to it.
   */
  leave(): void
}

/** Joins signals until `leave()`. */
export function joinSignals(...signals: readonly AbortSignal[]): JoinedSignal {
  const controller = new AbortController()
  const leave = (): void => {
    for (const stop of stops) stop()
  }
  const abort = (): void => {
    leave()
    controller.abort(signals.find(({ aborted }) => aborted)?.reason)
  }
  const stops = signals.map((signal) => onAbort(signal, abort))
  if (signals.some(({ aborted }) => aborted)) abort()
  return { signal: controller.signal, leave }
}
