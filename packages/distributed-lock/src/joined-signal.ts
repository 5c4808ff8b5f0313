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
    for (const signal of signals) signal.removeEventListener('abort', onAbort)
  }
  const onAbort = (): void => {
    leave()
    controller.abort(signals.find(({ aborted }) => aborted)?.reason)
  }
  for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true })
  if (signals.some(({ aborted }) => aborted)) onAbort()
  return { signal: controller.signal, leave }
}
