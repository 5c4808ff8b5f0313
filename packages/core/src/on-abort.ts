interface Listening {
  readonly callbacks: Set<() => void>
  readonly stop: () => void
}

const listening = new WeakMap<AbortSignal, Listening>()

/**
 * Calls back when a signal aborts, and answers how to stop listening. One that has aborted before calls nobody back: ask it
 * first. A signal has one listener however many wait for it: Node warns of a leak above ten, and a thousand waiters that one
 * shutdown ends are none.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  // Each listens for itself, though two may pass one function.
  const own = (): void => callback()
  const { callbacks, stop } = listening.get(signal) ?? listen(signal)
  callbacks.add(own)
  return () => {
    if (callbacks.delete(own) && callbacks.size === 0) stop()
  }
}

function listen(signal: AbortSignal): Listening {
  const callbacks = new Set<() => void>()
  const callAll = (): void => {
    for (const callback of [...callbacks]) callback()
  }
  const stop = (): void => {
    signal.removeEventListener('abort', callAll)
    listening.delete(signal)
  }
  signal.addEventListener('abort', callAll, { once: true })
  const made = { callbacks, stop }
  listening.set(signal, made)
  return made
}
