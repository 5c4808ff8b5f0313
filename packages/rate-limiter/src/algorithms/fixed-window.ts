import { lua } from '@sluice/core/extend'
import { never, type Algorithm, type Question } from './algorithm.ts'
import { wholeNumbers } from './whole-numbers.ts'

/**
 * The fixed window: one count, from the moment the first unit is taken until the window is over. A cost c fits when
 * `count + c <= L`.
 *
 * Bounds: a window never admits more than L, nor does one moment. A trailing window admits up to 2L, and all of it within
 * one ms: what was left of one window at its end, L at the start of the next. (The first unit of a window is one window
 * away from the next, so it is 2L - 1 unless that unit was given back.) Refused costs are not counted.
 *
 * A clock that moved back leaves a window that has not begun: it counts as begun now, so a step back neither forgets what
 * was taken nor locks a client out for longer than a window.
 *
 * State: `'<start ms> <count>'`.
 */
export const fixedWindow: Algorithm = {
  code: 'f',
  lua: lua`
    local two = whole .. ' ' .. whole

    local function run_at(state, now, window)
      local start, count = string.match(state or '', '^(%d+) (%d+)$')
      start, count = tonumber(start or 0), tonumber(count or 0)
      if count == 0 or now >= start + window then return now, 0 end
      return math.min(start, now), count
    end

    local function text_of(start, count)
      if count == 0 then return nil end
      return string.format(two, start, count)
    end

    local function ask(state, now, policy, cost)
      local limit, window = policy.limit, policy.window
      local start, count = run_at(state, now, window)
      local ends = start + window - now
      local wait = 0
      if cost > limit then wait = ${String(never)}
      elseif cost > 0 and count + cost > limit then wait = ends end
      if wait == 0 then count = count + cost end

      return wait, text_of(start, count), ends
    end

    local function left(state, now, policy)
      local _, count = run_at(state, now, policy.window)
      return math.max(0, policy.limit - count)
    end

    local function charge(state, now, policy, units, taken_at)
      local start, count = run_at(state, now, policy.window)
      if units > 0 then count = count + math.min(units, math.max(0, policy.limit - count))
      elseif taken_at >= start then count = math.max(0, count + units) end
      return text_of(start, count) or false
    end

    return ask, left, charge`,
  // Units of a window weigh the same until it is over.
  holdMs: ({ resetMs }) => resetMs,
  ask(state, question) {
    const { nowMs, limit, windowMs, cost } = question
    const run = runAt(question, state)
    const endsMs = run.startMs + windowMs - nowMs
    const waitMs = cost > limit ? never : cost > 0 && run.count + cost > limit ? endsMs : 0
    const count = waitMs === 0 ? run.count + cost : run.count

    const resetMs = count > 0 ? endsMs : 0
    return {
      waitMs,
      remaining: Math.max(0, limit - count),
      refillMs: resetMs,
      resetMs,
      next: textOf({ ...run, count }),
    }
  },
  charge(state, change) {
    const { limit, units, takenAtMs } = change
    const { startMs, count } = runAt(change, state)
    if (units > 0) {
      return textOf({ startMs, count: count + Math.min(units, Math.max(0, limit - count)) })
    }
    return textOf({ startMs, count: takenAtMs >= startMs ? Math.max(0, count + units) : count })
  },
}

/** The window that runs; of none, the one that would begin now. */
interface Run {
  readonly startMs: number
  readonly count: number
}

function runAt({ nowMs, windowMs }: Omit<Question, 'cost'>, state: string | null): Run {
  const [start = 0, count = 0] = wholeNumbers(state, 2)
  if (count === 0 || nowMs >= start + windowMs) return { startMs: nowMs, count: 0 }
  return { startMs: Math.min(start, nowMs), count }
}

function textOf({ startMs, count }: Run): string | null {
  return count === 0 ? null : `${startMs} ${count}`
}
