import { lua } from '@sluice/core/extend'
import { never, type Algorithm, type Question } from './algorithm.ts'
import { wholeNumbers } from './whole-numbers.ts'

/**
 * The sliding window counter: two counts, of the window that runs now and of the one before it, which counts by the
 * part of it that a trailing window still covers. Windows start at multiples of their length.
 *
 * With limit L, window W, counts `current` and `previous`, and `into` ms gone of this window, a cost c fits when
 * `previous * (W - into) + current * W + c * W <= L * W`: integers only, so nothing is rounded in anybody's favour.
 *
 * Bounds: an aligned window never admits more than L, nor does one moment. A trailing window admits less than 2L, and
 * not L: L at the very end of one window, then as much as the fading count allows. In return two counts are all that
 * is kept. Refused costs are not counted. Units that are given back leave the count of the window they were taken in;
 * those of any other window count no more.
 *
 * A clock that moved back (failover, NTP) leaves counts of a window that has not begun: they count as taken now, up
 * to the limit, so a step back neither forgets them nor locks a client out until the old time has come again.
 *
 * State: `'<window index> <current> <previous>'`.
 */
export const slidingWindow: Algorithm = {
  code: 's',
  lua: lua`
    local three = whole .. ' ' .. whole .. ' ' .. whole

    local function wait_for(cost, current, previous, into, limit, window)
      if cost == 0 then return 0 end
      if cost > limit then return ${String(never)} end
      local free = limit - current - cost
      if free >= 0 then
        if previous * (window - into) <= free * window then return 0 end
        local from = math.max(0, window - math.floor(free * window / previous))
        if from < window then return from - into end
      end
      local from = 0
      if current > 0 then from = math.max(0, window - math.floor((limit - cost) * window / current)) end
      return window - into + from
    end

    local function counts_at(state, now, limit, window)
      local into = now % window
      local index, current, previous = (now - into) / window, 0, 0
      if state then
        local stored, a, b = string.match(state, '^(%d+) (%d+) (%d+)$')
        stored = tonumber(stored)
        if stored == index then current, previous = tonumber(a), tonumber(b)
        elseif stored == index - 1 then previous = tonumber(a)
        elseif stored and stored > index then current = math.min(a + b, limit) end
      end
      return index, into, current, previous
    end

    local function left_of(current, previous, into, limit, window)
      return math.max(0, limit - current - math.ceil(previous * (window - into) / window))
    end

    local function text_of(index, current, previous)
      if current == 0 and previous == 0 then return nil end
      return string.format(three, index, current, previous)
    end

    local function ask(state, now, policy, cost)
      local limit, window = policy.limit, policy.window
      local index, into, current, previous = counts_at(state, now, limit, window)
      local wait = wait_for(cost, current, previous, into, limit, window)
      if wait == 0 then current = current + cost end
      local reset = 0
      if current > 0 then reset = 2 * window - into elseif previous > 0 then reset = window - into end
      return wait, text_of(index, current, previous), reset
    end

    local function left(state, now, policy)
      local _, into, current, previous = counts_at(state, now, policy.limit, policy.window)
      return left_of(current, previous, into, policy.limit, policy.window)
    end

    local function charge(state, now, policy, units, taken_at)
      local limit, window = policy.limit, policy.window
      local index, into, current, previous = counts_at(state, now, limit, window)
      local age = index - math.floor(taken_at / window)
      if units > 0 then current = current + math.min(units, left_of(current, previous, into, limit, window))
      elseif age == 0 then current = math.max(0, current + units)
      elseif age == 1 then previous = math.max(0, previous + units) end
      return text_of(index, current, previous) or false
    end

    return ask, left, charge`,
  // Units of this window weigh the same at its end as at its start, and L bounds them together.
  holdMs: ({ resetMs }, windowMs) => resetMs - windowMs,
  ask(state, question) {
    const { limit, windowMs, cost } = question
    const counts = countsAt(question, state)
    const waitMs = waitFor(cost, counts, question)
    const { index, into, previous } = counts
    const current = waitMs === 0 ? counts.current + cost : counts.current

    const after = { index, into, current, previous }
    const remaining = leftOf(after, question)
    return {
      waitMs,
      remaining,
      refillMs: remaining < limit ? waitFor(remaining + 1, after, question) : 0,
      resetMs: current > 0 ? 2 * windowMs - into : previous > 0 ? windowMs - into : 0,
      next: textOf(after),
    }
  },
  charge(state, change) {
    const { units, takenAtMs, windowMs } = change
    const counts = countsAt(change, state)
    const { index, current, previous } = counts
    if (units > 0) {
      return textOf({ ...counts, current: current + Math.min(units, leftOf(counts, change)) })
    }
    const age = index - Math.floor(takenAtMs / windowMs)
    if (age === 0) return textOf({ ...counts, current: Math.max(0, current + units) })
    if (age === 1) return textOf({ ...counts, previous: Math.max(0, previous + units) })
    return textOf(counts)
  },
}

/** The policy, and the time. */
type Moment = Omit<Question, 'cost'>

/** The two counts, as they stand `into` ms after the start of window `index`. */
interface Counts {
  readonly index: number
  readonly into: number
  readonly current: number
  readonly previous: number
}

function countsAt({ nowMs, limit, windowMs }: Moment, state: string | null): Counts {
  const index = Math.floor(nowMs / windowMs)
  // Not `%`, which takes microseconds for numbers of this size.
  const into = nowMs - index * windowMs
  const [stored = 0, current = 0, previous = 0] = wholeNumbers(state, 3)
  if (stored > index) {
    return { index, into, current: Math.min(current + previous, limit), previous: 0 }
  }
  if (stored === index) return { index, into, current, previous }
  return { index, into, current: 0, previous: stored === index - 1 ? current : 0 }
}

/** Whole units that are left. */
function leftOf({ into, current, previous }: Counts, { limit, windowMs }: Moment): number {
  return Math.max(0, limit - current - Math.ceil((previous * (windowMs - into)) / windowMs))
}

function textOf({ index, current, previous }: Counts): string | null {
  return current === 0 && previous === 0 ? null : `${index} ${current} ${previous}`
}

/** Ms until the cost fits if nothing else is taken meanwhile. What fits once goes on to fit: both counts only fade. */
function waitFor(cost: number, counts: Counts, { limit, windowMs }: Moment): number {
  const { into, current, previous } = counts
  if (cost === 0) return 0
  if (cost > limit) return never
  const free = limit - current - cost
  if (free >= 0) {
    const from = fadedTo(free, previous, windowMs)
    if (from <= into) return 0
    if (from < windowMs) return from - into
  }
  // In the next window `current` is the count that fades, and nothing stands beside it.
  return windowMs - into + fadedTo(limit - cost, current, windowMs)
}

/** How far into a window a count of the window before weighs no more than `free` units. */
function fadedTo(free: number, count: number, windowMs: number): number {
  return count === 0 ? 0 : Math.max(0, windowMs - Math.floor((free * windowMs) / count))
}
