/** Node fires a timer of more at once. */
const longestMs = 2 ** 31 - 1

/** A delay that a timer can have, in ms: 24 days at the most. Who waits for longer looks again then. */
export function timerMs(ms: number): number {
  return Math.min(ms, longestMs)
}
