import type { AlgorithmName } from '../src/algorithms/index.ts'
import type { Numbers } from './algorithm-driver.ts'

/** Units that were taken together and were not given back since. */
export interface Taken {
  readonly atMs: number
  units: number
}

/** What an algorithm promises, said as slowly and as plainly as can be: from a list of all that was ever taken. */
export interface Definition {
  readonly taken: readonly Taken[]
  fits(nowMs: number, units: number): boolean
  take(nowMs: number, units: number): void
  giveBack(nowMs: number, units: number, takenAtMs: number): void
}

/** The definition of each algorithm, and the most that it lets pass within any one window. */
export const definitions: Readonly<
  Record<
    AlgorithmName,
    { define: (numbers: Numbers) => Definition; bound: (numbers: Numbers) => number }
  >
> = {
  'sliding-window': { define: defineSlidingWindow, bound: ({ limit }) => 2 * limit - 1 },
  'fixed-window': { define: defineFixedWindow, bound: ({ limit }) => 2 * limit },
  'sliding-log': { define: defineSlidingLog, bound: ({ limit }) => limit },
  'token-bucket': { define: defineTokenBucket, bound: ({ limit, burst }) => burst + limit - 1 },
}

function defineSlidingWindow({ limit, windowMs }: Numbers): Definition {
  const taken: Taken[] = []
  const indexOf = (ms: number) => Math.floor(ms / windowMs)
  const of = (index: number) => taken.filter(({ atMs }) => indexOf(atMs) === index)
  return {
    taken,
    fits(nowMs, units) {
      const index = indexOf(nowMs)
      const leftMs = (index + 1) * windowMs - nowMs
      const weight = sum(of(index - 1)) * leftMs + (sum(of(index)) + units) * windowMs
      return units === 0 || weight <= limit * windowMs
    },
    take: (atMs, units) => void taken.push({ atMs, units }),
    giveBack(nowMs, units, takenAtMs) {
      const age = indexOf(nowMs) - indexOf(takenAtMs)
      if (age === 0 || age === 1) removeNewest(of(indexOf(takenAtMs)), units)
    },
  }
}

function defineFixedWindow({ limit, windowMs }: Numbers): Definition {
  const windows: { startMs: number; taken: Taken[] }[] = []
  const running = (nowMs: number) => {
    const last = windows.at(-1)
    return last !== undefined && nowMs < last.startMs + windowMs && sum(last.taken) > 0
      ? last
      : undefined
  }
  return {
    get taken() {
      return windows.flatMap((one) => one.taken)
    },
    fits: (nowMs, units) => units === 0 || sum(running(nowMs)?.taken ?? []) + units <= limit,
    take(atMs, units) {
      if (running(atMs) === undefined) windows.push({ startMs: atMs, taken: [] })
      windows.at(-1)?.taken.push({ atMs, units })
    },
    giveBack(nowMs, units, takenAtMs) {
      const window = running(nowMs)
      if (window !== undefined && takenAtMs >= window.startMs) removeNewest(window.taken, units)
    },
  }
}

function defineSlidingLog({ limit, windowMs }: Numbers): Definition {
  const taken: Taken[] = []
  const counting = (nowMs: number) => taken.filter(({ atMs }) => nowMs - atMs < windowMs)
  return {
    taken,
    fits: (nowMs, units) => units === 0 || sum(counting(nowMs)) + units <= limit,
    take: (atMs, units) => void taken.push({ atMs, units }),
    giveBack(nowMs, units, takenAtMs) {
      const meant = counting(nowMs).filter(({ atMs }) => takenAtMs === nowMs || takenAtMs === atMs)
      removeNewest(meant, units)
    },
  }
}

/** A queue that is served at one unit an interval: what waits in it is the most that came at once, less what was served since. */
function defineTokenBucket({ limit, windowMs, burst }: Numbers): Definition {
  const taken: Taken[] = []
  const came: { atMs: number; work: number }[] = []
  const interval = Math.ceil((windowMs * 1000) / limit)
  const waiting = (nowMs: number) =>
    Math.max(
      0,
      ...came.map(
        ({ atMs }, from) =>
          came.slice(from).reduce((all, { work }) => all + work, 0) - (nowMs - atMs) * 1000,
      ),
    )
  return {
    taken,
    fits: (nowMs, units) => units === 0 || waiting(nowMs) + units * interval <= burst * interval,
    take(atMs, units) {
      taken.push({ atMs, units })
      came.push({ atMs, work: units * interval })
    },
    giveBack(nowMs, units, takenAtMs) {
      const stillMissing = Math.max(0, burst * interval - (nowMs - takenAtMs) * 1000)
      const work = Math.min(units * interval, stillMissing, waiting(nowMs))
      came.push({ atMs: nowMs, work: -work })
      removeNewest(taken, work / interval)
    },
  }
}

function sum(taken: readonly Taken[]): number {
  return taken.reduce((all, { units }) => all + units, 0)
}

/** Takes units out of a list, from its end. */
export function removeNewest(taken: readonly Taken[], units: number): void {
  let due = units
  for (const one of taken.toReversed()) {
    const given = Math.min(due, one.units)
    one.units -= given
    due -= given
  }
}
