/** Where a store reads the time: whole milliseconds since 1970. Tests pass a clock that they move by hand. */
export interface Clock {
  /** Whole milliseconds since 1970. May jump, as clocks do. */
  now(): number
}

/** The machine's wall clock. */
export const systemClock: Clock = { now: () => Date.now() }
