import { lua } from '@sluice/core/extend'
import { never, type Algorithm, type Question } from './algorithm.ts'

/**
 * The sliding window counter: two counts, of the window that runs now and of the one before it, which counts by the
 * part of it that a trailing window still covers. Windows start at multiples of their length.
 *
 * With limit L, window W, counts `current` and `previous`, and `into` ms gone of this window, a cost c fits when
 * `previous * (W - into) + current * W + c * W <= L * W`: integers only, so nothing is rounded in anybody's favour.
 *
 * Bounds: an aligned window never admits more than L, nor does one moment. A trailing window admits less than 2L, and
 * not L: L at the very end of one window, then as much as the fading count allows. In return two counts are all that
 * is kept. Refused costs are not counted.
 *
 * A clock that moved back (failover, NTP) leaves counts of a window that has not begun: they count as taken now, up
 * to the limit, so a step back neither forgets them nor locks a client out until the old time has come again.
 *
 * State: `'<window index> <current> <previous>'`.
 */
export const slidingWindow: Algorithm = {
  code: 's',
  lua: lua`
    local function wait_for(cost, current, previous, into, limit, window)
      if cost == 0 then return 0 end
      if cost > limit then return ${String(never)} end
      local free = limit - current - cost
      if free >= 0 then
        local from = 0
        if previous > 0 then from = math.max(0, window - math.floor(free * window / previous)) end
        if from <= into then return 0 end
        if from < window then return from - into end
      end
      local from = 0
      if current > 0 then from = math.max(0, window - math.floor((limit - cost) * window / current)) end
      return window - into + from
    end

    return function(state, now, limit, window, cost)
      local index, into = math.floor(now / window), now % window
      local stored, current, previous = string.match(state or '', '^(%d+) (%d+) (%d+)$')
      stored, current, previous = tonumber(stored or 0), tonumber(current or 0), tonumber(previous or 0)
      if stored > index then current, previous = math.min(current + previous, limit), 0
      elseif stored == index - 1 then current, previous = 0, current
      elseif stored < index - 1 then current, previous = 0, 0 end

      local wait = wait_for(cost, current, previous, into, limit, window)
      if wait == 0 then current = current + cost end

      local remaining = math.max(0, limit - current - math.ceil(previous * (window - into) / window))
      local refill, reset, next = 0, 0, nil
      if remaining < limit then refill = wait_for(remaining + 1, current, previous, into, limit, window) end
      if current > 0 then reset = 2 * window - into elseif previous > 0 then reset = window - into end
      if reset > 0 then next = string.format('%.0f %.0f %.0f', index, current, previous) end
      return { wait = wait, remaining = remaining, refill = refill, reset = reset, next = next }
    end`,
  ask(state, question) {
    const { limit, windowMs, cost } = question
    const counts = countsAt(question, state)
    const waitMs = waitFor(cost, counts, question)
    const { index, into, previous } = counts
    const current = waitMs === 0 ? counts.current + cost : counts.current

    const remaining = Math.max(
      0,
      limit - current - Math.ceil((previous * (windowMs - into)) / windowMs),
    )
    const after = { ...counts, current }
    const resetMs = current > 0 ? 2 * windowMs - into : previous > 0 ? windowMs - into : 0
    return {
      waitMs,
      remaining,
      refillMs: remaining < limit ? waitFor(remaining + 1, after, question) : 0,
      resetMs,
      next: resetMs > 0 ? `${index} ${current} ${previous}` : null,
    }
  },
}

/** The two counts, as they stand `into` ms after the start of window `index`. */
interface Counts {
  readonly index: number
  readonly into: number
  readonly current: number
  readonly previous: number
}

function countsAt({ nowMs, limit, windowMs }: Question, state: string | null): Counts {
  const at = { index: Math.floor(nowMs / windowMs), into: nowMs % windowMs }
  const [, stored = 0, current = 0, previous = 0] =
    /^(\d+) (\d+) (\d+)$/.exec(state ?? '')?.map(Number) ?? []
  if (stored > at.index) return { ...at, current: Math.min(current + previous, limit), previous: 0 }
  if (stored === at.index) return { ...at, current, previous }
  return { ...at, current: 0, previous: stored === at.index - 1 ? current : 0 }
}

/** Ms until the cost fits if nothing else is taken meanwhile. What fits once goes on to fit: both counts only fade. */
function waitFor(cost: number, counts: Counts, { limit, windowMs }: Question): number {
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
