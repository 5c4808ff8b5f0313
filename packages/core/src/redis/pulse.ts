/** Proof that a link delivers, renewed for as long as it does. */
export interface Pulse {
  /** When the last ping that was answered was sent. `-Infinity` before `start` and after `stop`. */
  provenAtMs(): number
  /** The link listens as of this moment of `performance.now()`: pings from now on. */
  start(atMs: number): void
  stop(): void
}

/** Opening a link may take this long. */
const openingMs = 5000

/**
 * Pings a link four times in `silenceMs`. What it proves rests on the order of bytes: an answer comes behind every message
 * about a write that was acknowledged before its ping was sent.
 *
 * @param onSilent told when an answer, or the start, does not come in time; or with what the ping failed with
 */
export function createPulse(
  ping: () => Promise<unknown>,
  silenceMs: number,
  onSilent: (reason: unknown) => void,
): Pulse {
  let provenAtMs = Number.NEGATIVE_INFINITY
  let stopped = false
  let nextPing: NodeJS.Timeout | undefined
  let patience: NodeJS.Timeout | undefined

  /** Timers run before sockets are read: decided after a read, so that an answer that is already here gets in first. */
  const expectProof = (withinMs: number): void => {
    clearTimeout(patience)
    const before = provenAtMs
    const decide = (): void => {
      if (!stopped && provenAtMs === before) onSilent(new Error(`silent for ${withinMs} ms`))
    }
    patience = setTimeout(() => void setImmediate(decide), withinMs).unref()
  }
  const prove = (atMs: number): void => {
    if (stopped) return
    provenAtMs = atMs
    expectProof(silenceMs)
    nextPing = setTimeout(() => void ask().catch(onSilent), silenceMs / 4).unref()
  }
  const ask = async (): Promise<void> => {
    const sentAtMs = performance.now()
    await ping()
    prove(sentAtMs)
  }

  expectProof(openingMs)
  return {
    provenAtMs: () => provenAtMs,
    start: prove,
    stop() {
      stopped = true
      provenAtMs = Number.NEGATIVE_INFINITY
      clearTimeout(nextPing)
      clearTimeout(patience)
    },
  }
}
