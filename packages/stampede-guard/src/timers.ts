/** Node takes a longer delay for none at all. */
const longestMs = 2 ** 31 - 1

/** A delay that a timer can have. */
export function timerMs(ms: number): number {
  return Math.min(ms, longestMs)
}
