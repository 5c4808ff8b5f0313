/** Where a store reads the time: whole milliseconds since 1970. Tests pass a clock that they move by hand. */
export interface Clock {
  now(): number
}

/** The machine's wall clock. */
export const systemClock: Clock = { now: () => Date.now() }
